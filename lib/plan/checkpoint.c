/* SPDX-License-Identifier: Apache-2.0 */
/* States in one file and back: safetensors, with a hash of the elements and the caller's note as metadata. */
#include <string.h>

#include "plan/plan.h"
#include "tensor/safetensors.h"

#define KEY_NOTE "ocelli.note"
#define KEY_HASH "ocelli.hash"

uint64_t oc__state_bytes(const oc_state *state) {
    uint64_t size = 0;
    for (size_t i = 0; i < state->count; i++)
        size += state->entries[i].bytes;
    return size;
}

oc_status oc__state_copy_out(oc_state *state, uint8_t *out, oc_error *err) {
    OC_TRY(oc__state_check(state, err));
    for (size_t i = 0; i < state->count; i++)
        if (!state->entries[i].buffer)
            return oc__fail(state->context, err, OC_ERROR_UNSUPPORTED, "state %s: its memory was given back, only packed weights were "
                            "kept", state->entries[i].name);
    for (size_t i = 0; i < state->count; i++) {
        const oc__state_entry *entry = &state->entries[i];
        if (entry->bytes)
            OC_TRY(oc__queue_read(oc__device_queue(state->device), entry->buffer, entry->offset, out, entry->bytes, true, err));
        out += entry->bytes;
    }
    return OC_OK;
}

static void expect_change(oc_state *state) {
    for (size_t i = 0; i < state->count; i++)
        state->entries[i].uncertain = true;
    state->version++;
}

static oc_status write_entry(oc_state *state, oc__state_entry *entry, const uint8_t *from, oc_error *err) {
    if (entry->bytes)
        OC_TRY(oc__queue_upload(oc__device_queue(state->device), entry->buffer, entry->offset, from, entry->bytes, err));
    entry->uncertain = false;
    return OC_OK;
}

oc_status oc__state_copy_in(oc_state *state, const uint8_t *from, oc_error *err) {
    expect_change(state);
    for (size_t i = 0; i < state->count; i++) {
        OC_TRY(write_entry(state, &state->entries[i], from, err));
        from += state->entries[i].bytes;
    }
    return OC_OK;
}

static void hash_of(const uint8_t *data, uint64_t size, char text[33]) {
    oc__hash hash = oc__hash_init();
    oc__hash_add(&hash, data, (size_t)size);
    oc__hash_text(hash, text);
}

static oc_status write_file(oc_state *state, const char *path, const char *note, const uint8_t *data, uint64_t size, oc_error *err) {
    oc_context *context = state->context;
    oc__st_entry *entries = oc__alloc_array(context, OC_MAX(state->count, (size_t)1), sizeof(*entries));
    if (!entries)
        return oc__fail_memory(context, err, state->count * sizeof(*entries));
    uint64_t at = 0;
    for (size_t i = 0; i < state->count; i++) {
        const oc__state_entry *from = &state->entries[i];
        entries[i] = (oc__st_entry){from->name, from->dtype, from->shape, at, from->bytes};
        at += from->bytes;
    }
    char hash[33];
    hash_of(data, size, hash);
    const oc__st_text texts[] = {{KEY_HASH, hash}, {KEY_NOTE, note ? note : ""}};
    oc__string header;
    oc__string_init(&header, context);
    oc__st_header(&header, entries, state->count, texts, OC_COUNT(texts));
    oc__file_writer writer;
    oc_status status = header.failed ? oc__fail_memory(context, err, header.size) : oc__file_writer_init(&writer, context, path, err);
    if (status == OC_OK) {
        status = oc__file_writer_put(&writer, header.text, header.size, err);
        if (status == OC_OK)
            status = oc__file_writer_put(&writer, data, size, err);
        if (status == OC_OK)
            status = oc__file_writer_commit(&writer, err);
        else
            oc__file_writer_cancel(&writer);
    }
    oc__string_finish(&header);
    oc__free(context, entries);
    return status;
}

oc_status oc_state_save(oc_state *state, const char *path, const char *note, oc_error *err) {
    uint64_t size = oc__state_bytes(state);
    OC_TRY(oc__device_check(state->device, err));
    uint8_t *data = oc__alloc(state->context, (size_t)OC_MAX(size, (uint64_t)1));
    if (!data)
        return oc__fail_memory(state->context, err, (size_t)size);
    oc_status status = oc__state_copy_out(state, data, err);
    if (status == OC_OK)
        status = write_file(state, path, note, data, size, err);
    oc__free(state->context, data);
    return status;
}

static oc_status check_file(const oc_state *state, const oc__st_file *file, const char *path, oc_error *err) {
    char hash[33];
    hash_of(file->data, file->data_bytes, hash);
    const char *wanted = oc__st_metadata(file, KEY_HASH);
    if (!wanted || strcmp(hash, wanted))
        return oc__fail(state->context, err, OC_ERROR_FORMAT, "%s is damaged, or no checkpoint: its elements do not have the hash "
                        "that it gives", path);
    for (size_t i = 0; i < state->count; i++) {
        const oc__state_entry *entry = &state->entries[i];
        const oc__st_entry *found = oc__st_find(file, entry->name);
        if (!found || found->dtype != entry->dtype || !oc_shape_equal(&found->shape, &entry->shape))
            return oc__fail(state->context, err, OC_ERROR_SHAPE, "%s does not fit: state %s %s", path, entry->name,
                            found ? "has another type or shape there" : "is not in it");
    }
    return OC_OK;
}

static oc_status restore(oc_state *state, const oc__st_file *file, oc_error *err) {
    expect_change(state);
    for (size_t i = 0; i < state->count; i++)
        OC_TRY(write_entry(state, &state->entries[i], file->data + oc__st_find(file, state->entries[i].name)->offset, err));
    return OC_OK;
}

static void copy_note(const oc__st_file *file, char *note, size_t note_size) {
    const char *text = oc__st_metadata(file, KEY_NOTE);
    size_t length = text ? OC_MIN(strlen(text), note_size - 1) : 0;
    memcpy(note, text ? text : "", length);
    note[length] = 0;
}

oc_status oc__state_read_note(oc_state *state, const char *path, char *note, size_t note_size, oc_error *err) {
    oc__st_file file;
    OC_TRY(oc__st_open(&file, state->context, path, err));
    copy_note(&file, note, note_size);
    oc__st_close(&file);
    return OC_OK;
}

oc_status oc_state_restore(oc_state *state, const char *path, char *note, size_t note_size, oc_error *err) {
    if (state->frozen)
        return oc__fail(state->context, err, OC_ERROR_INVALID, "a frozen state cannot be restored");
    OC_TRY(oc__device_check(state->device, err));
    oc__st_file file;
    OC_TRY(oc__st_open(&file, state->context, path, err));
    oc_status status = check_file(state, &file, path, err);
    if (status == OC_OK)
        status = restore(state, &file, err);
    if (status == OC_OK && note && note_size)
        copy_note(&file, note, note_size);
    oc__st_close(&file);
    return status;
}
