/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of an open device: description, limits, usage, notes. */
#include "device/cl.h"

#include <string.h>

const oc_device_info *oc_device_get_info(const oc_device *device) {
    return &device->info;
}

oc_context *oc_device_get_context(const oc_device *device) {
    return device->context;
}

oc_context *oc__device_context(const oc_device *device) {
    return device->context;
}

const oc__caps *oc__device_caps(const oc_device *device) {
    return &device->caps;
}

const char *oc__device_key(const oc_device *device) {
    return device->key;
}

oc__queue *oc__device_queue(oc_device *device) {
    return device->queue;
}

bool oc__device_shares(const oc_device *a, const oc_device *b) {
    return a->cl_context == b->cl_context;
}

bool oc__device_has_memory_of(const oc_device *a, const oc_device *b) {
    return oc__device_shares(a, b) && a->info.type == OC_DEVICE_CPU && b->info.type == OC_DEVICE_CPU && a->info.unified_memory &&
           b->info.unified_memory;
}

void oc__device_usage(oc_device *device, uint64_t *used, uint64_t *peak) {
    pthread_mutex_lock(&device->lock);
    if (used)
        *used = device->used;
    if (peak)
        *peak = device->peak;
    pthread_mutex_unlock(&device->lock);
}

static oc__note **list_of(oc_device *device, const char *key) {
    oc__hash hash = oc__hash_init();
    oc__hash_add_text(&hash, key);
    return &device->notes[hash.a % OC_NOTE_LISTS];
}

static oc__note *find(oc_device *device, const char *key) {
    oc__note *note = *list_of(device, key);
    while (note && strcmp(note->key, key) != 0)
        note = note->next;
    return note;
}

bool oc__device_note_get(oc_device *device, const char *key, char *value, size_t size) {
    pthread_mutex_lock(&device->lock);
    const oc__note *note = find(device, key);
    if (note && value && size)
        oc__format(value, size, "%s", note->value);
    pthread_mutex_unlock(&device->lock);
    return note != NULL;
}

static void set(oc_device *device, const char *key, char *value) {
    oc__note *note = find(device, key);
    if (!note) {
        note = oc__alloc(device->context, sizeof *note);
        char *name = note ? oc__strdup(device->context, key) : NULL;
        if (!name) {
            oc__free(device->context, note);
            oc__free(device->context, value);
            return;
        }
        note->key = name;
        oc__note **list = list_of(device, key);
        note->next = *list;
        *list = note;
    }
    oc__free(device->context, note->value);
    note->value = value;
}

void oc__device_note_set(oc_device *device, const char *key, const char *value) {
    char *copy = oc__strdup(device->context, value);
    if (!copy)
        return; /* a note is a convenience: it will be found out again */
    pthread_mutex_lock(&device->lock);
    set(device, key, copy);
    pthread_mutex_unlock(&device->lock);
}

void oc__device_note_each(oc_device *device, void (*visit)(void *user, const char *key, const char *value), void *user) {
    pthread_mutex_lock(&device->lock);
    for (size_t i = 0; i < OC_NOTE_LISTS; i++)
        for (const oc__note *note = device->notes[i]; note; note = note->next)
            visit(user, note->key, note->value);
    pthread_mutex_unlock(&device->lock);
}
