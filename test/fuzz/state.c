/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a checkpoint: of a state, and of a trainer. What the checksum would refuse is given the right one first. */
#include <string.h>

#include <ocelli/net.h>
#include <ocelli/train.h>

#include "fuzz/fuzz.h"
#include "tensor/safetensors.h"

static oc_device *device;
static oc_trainer *trainer;

static bool open_trainer(void) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    const int64_t sizes[] = {3, 2};
    if (trainer)
        return true;
    if (oc_device_create(&device, fuzz_context(), "cpu", &err) != OC_OK)
        return false;
    fuzz_check(oc_graph_create(&graph, fuzz_context(), &err) == OC_OK, "no graph");
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 3), &err);
    fuzz_check(oc_graph_output(graph, "y", oc_net_mlp(graph, x, sizes, 2, &err), &err) == OC_OK, "no network");
    fuzz_check(oc_trainer_create(&trainer, device, graph, NULL, &err) == OC_OK, "no trainer");
    oc_graph_destroy(&graph);
    return true;
}

/* The same file with the hash of what lies in it. */
static void set_hash(const oc__st_file *file, oc__string *out) {
    oc__st_text texts[8];
    size_t count = 0;
    char hash_text[33];
    oc__hash hash = oc__hash_init();
    oc__hash_add(&hash, file->data, (size_t)file->data_bytes);
    oc__hash_text(hash, hash_text);
    texts[count++] = (oc__st_text){"ocelli.hash", hash_text};
    for (size_t i = 0; i < file->metadata_count && count < OC_COUNT(texts); i++)
        texts[count++] = file->metadata[i];
    oc__st_header(out, file->entries, file->count, texts, count);
    oc__string_append_n(out, (const char *)file->data, (size_t)file->data_bytes);
}

static void restore(const char *path) {
    oc_error err = {0};
    char note[64];
    oc_status status = oc_state_restore(oc_trainer_get_state(trainer), path, note, sizeof(note), &err);
    fuzz_result(status, &err, status == OC_OK);
    fuzz_check(status != OC_OK || memchr(note, 0, sizeof(note)), "a note without an end");
    status = oc_trainer_resume(trainer, path, &err);
    fuzz_result(status, &err, status == OC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    oc_error err = {0};
    oc__st_file file;
    if (!open_trainer())
        return 0;
    const char *path = fuzz_file(data, size);
    restore(path);
    if (oc__st_open(&file, fuzz_context(), path, &err) == OC_OK) {
        oc__string out;
        oc__string_init(&out, fuzz_context());
        set_hash(&file, &out);
        oc__st_close(&file);
        restore(fuzz_file((const uint8_t *)out.text, out.size));
        oc__string_finish(&out);
    }
    return 0;
}
