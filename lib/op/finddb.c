/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "op/tune.h"

#define LOADED "find.loaded"

static const oc__shipped shipped[] = {
#define OC_SHIPPED(words, key, solver, value) {words, key, solver, value},
#include "op/shipped.def"
#undef OC_SHIPPED
    {0}};
const oc__shipped *oc__shipped_lines = shipped;

void oc__find_key(const oc__problem *p, oc__string *key) {
    oc__problem_text(p, key);
    char *layouts = key->failed ? NULL : strstr(key->text, ";lay=");
    if (layouts) {
        *layouts = 0;
        key->size = (size_t)(layouts - key->text);
    }
    if (p->op->key)
        oc__string_printf(key, ";src=%s", p->op->key);
}

static void note_name(oc__string *name, const char *kind, const char *key, const char *solver) {
    oc__string_printf(name, "%s|%s|%s", kind, key, solver);
}

/* "microseconds v0 v1 …" */
static void note_value(char *value, size_t size, const oc__variant *variant, double seconds) {
    char number[32];
    oc__format_double(number, sizeof(number), seconds * 1e6);
    int at = snprintf(value, size, "%s", number);
    for (int i = 0; i < OC_MAX_TUNING; i++)
        at += snprintf(value + at, size - (size_t)at, " %d", variant->value[i]);
}

static bool parse_value(const char *text, oc__variant *variant, double *seconds) {
    double microseconds;
    if (!oc__parse_double(text, &text, &microseconds) || !(microseconds > 0))
        return false;
    for (int i = 0; i < OC_MAX_TUNING; i++) {
        int64_t value;
        while (*text == ' ')
            text++;
        if (!oc__parse_int64(text, &text, &value))
            return false;
        variant->value[i] = (int32_t)value;
    }
    *seconds = microseconds * 1e-6;
    return true;
}

static bool get(oc_device *device, const char *kind, const char *key, const char *solver, oc__variant *variant, double *seconds) {
    oc__string name;
    char value[160];
    oc__string_init(&name, oc__device_context(device));
    note_name(&name, kind, key, solver);
    bool found = !name.failed && oc__device_note_get(device, name.text, value, sizeof(value)) && parse_value(value, variant, seconds);
    oc__string_finish(&name);
    return found;
}

bool oc__find_get(oc_device *device, const char *key, const char *solver, bool here, oc__variant *variant, double *seconds) {
    oc__find_load(device);
    return get(device, "find", key, solver, variant, seconds) || (!here && get(device, "ship", key, solver, variant, seconds));
}

static void put(oc_device *device, const char *kind, const char *key, const char *solver, const char *value) {
    oc__string name;
    oc__string_init(&name, oc__device_context(device));
    note_name(&name, kind, key, solver);
    if (!name.failed)
        oc__device_note_set(device, name.text, value);
    oc__string_finish(&name);
}

void oc__find_put(oc_device *device, const char *key, const char *solver, const oc__variant *variant, double seconds) {
    char value[160];
    note_value(value, sizeof(value), variant, seconds);
    put(device, "find", key, solver, value);
}

/* Whether a device's key has all of the words. */
static bool is_of(const char *device_key, const char *words) {
    char word[128];
    for (const char *at = words; *at;) {
        size_t size = strcspn(at, "&");
        if (size >= sizeof(word))
            return false;
        memcpy(word, at, size);
        word[size] = 0;
        if (!strstr(device_key, word))
            return false;
        at += size + (at[size] == '&');
    }
    return true;
}

static void load_shipped(oc_device *device) {
    oc__variant variant;
    double seconds;
    for (const oc__shipped *line = oc__shipped_lines; line->words; line++)
        if (is_of(oc__device_key(device), line->words) && parse_value(line->value, &variant, &seconds))
            put(device, "ship", line->key, line->solver, line->value);
}

static bool path_of(oc_context *context, oc__string *path) {
    if (!context->cache_folder[0])
        return false;
    oc__string_printf(path, "%s/find.db", context->cache_folder);
    return !path->failed;
}

/* Calls visit for each well-formed line: device, key, solver, value (cut out of `line`, which is changed). */
typedef void (*visit_line)(void *user, const char *line, char *fields[4]);
static void for_lines(oc_context *context, const char *path, visit_line visit, void *user) {
    uint8_t *data;
    oc__mapping file;
    if (oc__file_try_map(context, path, &file))
        return;
    data = oc__alloc(context, (size_t)file.size + 1);
    char *copy = oc__alloc(context, (size_t)file.size + 1);
    if (data && copy && file.size)
        memcpy(data, file.data, (size_t)file.size);
    for (char *line = (char *)data, *next; data && copy && *line; line = next) {
        char *fields[4] = {copy};
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        line[length] = 0;
        memcpy(copy, line, length + 1);
        int count = 1;
        for (char *tab = strchr(copy, '\t'); tab && count < 4; tab = strchr(tab + 1, '\t')) {
            *tab = 0;
            fields[count++] = tab + 1;
        }
        oc__variant variant;
        double seconds;
        if (count == 4 && parse_value(fields[3], &variant, &seconds))
            visit(user, line, fields);
    }
    oc__free(context, data);
    oc__free(context, copy);
    oc__file_unmap(context, &file);
}

static void device_hash(oc_device *device, char text[33]) {
    oc__hash hash = oc__hash_init();
    oc__hash_add_text(&hash, oc__device_key(device));
    oc__hash_text(hash, text);
}

typedef struct loader {
    oc_device *device;
    char hash[33];
    oc__string *out; /* saving: lines that are kept as they are */
} loader;

static void load_line(void *user, const char *line, char *fields[4]) {
    loader *l = user;
    oc__variant variant;
    double seconds;
    (void)line;
    if (!strcmp(fields[0], l->hash) && parse_value(fields[3], &variant, &seconds))
        oc__find_put(l->device, fields[1], fields[2], &variant, seconds);
}

void oc__find_load(oc_device *device) {
    char value[8];
    oc_context *context = oc__device_context(device);
    if (oc__device_note_get(device, LOADED, value, sizeof(value)))
        return;
    oc__device_note_set(device, LOADED, "yes");
    load_shipped(device);
    loader l = {.device = device};
    oc__string path;
    device_hash(device, l.hash);
    oc__string_init(&path, context);
    if (path_of(context, &path))
        for_lines(context, path.text, load_line, &l);
    oc__string_finish(&path);
}

typedef struct saver {
    const char *hash;
    oc__string *out;
    oc_device *device;
} saver;

/* Other devices' lines, and of this one those that it does not know better. */
static void keep_line(void *user, const char *line, char *fields[4]) {
    saver *s = user;
    oc__string name;
    char value[160];
    oc__string_init(&name, oc__device_context(s->device));
    note_name(&name, "find", fields[1], fields[2]);
    bool known = !strcmp(fields[0], s->hash) && !name.failed && oc__device_note_get(s->device, name.text, value, sizeof(value));
    oc__string_finish(&name);
    if (!known)
        oc__string_printf(s->out, "%s\n", line);
}

static void add_note(void *user, const char *key, const char *value) {
    saver *s = user;
    if (strncmp(key, "find|", 5))
        return;
    const char *solver = strrchr(key, '|');
    oc__string_printf(s->out, "%s\t%.*s\t%s\t%s\n", s->hash, (int)(solver - key - 5), key + 5, solver + 1, value);
}

oc_status oc__find_save(oc_device *device, oc_error *err) {
    oc_context *context = oc__device_context(device);
    oc__string path, text;
    char hash[33];
    oc_status status = OC_OK;
    device_hash(device, hash);
    oc__string_init(&path, context);
    oc__string_init(&text, context);
    if (path_of(context, &path)) {
        int lock = oc__cache_lock(context); /* from reading to renaming */
        saver s = {hash, &text, device};
        for_lines(context, path.text, keep_line, &s);
        oc__device_note_each(device, add_note, &s);
        status = text.failed ? oc__fail_memory(context, err, text.size) : oc__file_write(context, path.text, text.text, text.size, err);
        oc__cache_unlock(lock);
    }
    oc__string_finish(&path);
    oc__string_finish(&text);
    return status;
}
