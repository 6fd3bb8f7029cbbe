/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "onnx/reader.h"

static size_t slot_of(const oc__onnx_entry *slots, size_t capacity, const char *name) {
    oc__hash hash = oc__hash_init();
    oc__hash_add_text(&hash, name);
    size_t i = (size_t)hash.a & (capacity - 1);
    while (slots[i].name != NULL && strcmp(slots[i].name, name) != 0)
        i = (i + 1) & (capacity - 1);
    return i;
}

oc__onnx_binding *oc__onnx_names_find(const oc__onnx_names *names, const char *name) {
    return names->capacity == 0 ? NULL : names->slots[slot_of(names->slots, names->capacity, name)].binding;
}

static bool grow(oc__onnx_names *names) {
    size_t capacity = names->capacity == 0 ? 64 : 2 * names->capacity;
    oc__onnx_entry *slots = oc__alloc_array(names->context, capacity, sizeof(*slots));
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i].name != NULL)
            slots[slot_of(slots, capacity, names->slots[i].name)] = names->slots[i];
    oc__free(names->context, names->slots);
    names->slots = slots;
    names->capacity = capacity;
    return true;
}

bool oc__onnx_names_add(oc__onnx_names *names, const char *name, oc__onnx_binding *binding) {
    if (2 * (names->count + 1) > names->capacity && !grow(names))
        return false;
    names->slots[slot_of(names->slots, names->capacity, name)] = (oc__onnx_entry){name, binding};
    names->count++;
    return true;
}

void oc__onnx_names_finish(oc__onnx_names *names) {
    oc__free(names->context, names->slots);
    names->slots = NULL;
    names->count = names->capacity = 0;
}
