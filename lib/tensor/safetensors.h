/* SPDX-License-Identifier: Apache-2.0 */
/* Named tensors in one file: the safetensors format (8 bytes of header length, a JSON header, the elements). */
#ifndef OC_SAFETENSORS_H
#define OC_SAFETENSORS_H

#include <ocelli/tensor.h>

#include "base/base.h"

typedef struct oc__st_entry {
    const char *name;
    oc_dtype dtype; /* NONE: a type this library has not */
    oc_shape shape;
    uint64_t offset, bytes; /* in the part behind the header */
} oc__st_entry;

typedef struct oc__st_text {
    const char *key, *text;
} oc__st_text;

typedef struct oc__st_file {
    oc_context *context;
    oc__arena arena;
    oc__mapping mapping;
    const uint8_t *data; /* behind the header */
    uint64_t data_bytes;
    oc__st_entry *entries;
    size_t count, capacity;
    oc__st_text *metadata;
    size_t metadata_count, metadata_capacity;
} oc__st_file;

/* Maps and checks a file: every length, every offset, no overlap beyond the end. */
oc_status oc__st_open(oc__st_file *file, oc_context *context, const char *path, oc_error *err);
void oc__st_close(oc__st_file *file);
const oc__st_entry *oc__st_find(const oc__st_file *file, const char *name);
const char *oc__st_metadata(const oc__st_file *file, const char *key); /* NULL if there is none */

/* Appends the header of a file with these entries (offsets as given, ascending) and texts: length and JSON. */
void oc__st_header(oc__string *out, const oc__st_entry *entries, size_t count, const oc__st_text *texts, size_t text_count);

#endif
