/* SPDX-License-Identifier: Apache-2.0 */
/* What tests share: a context whose log is collected and whose cache is a temporary folder, the default device. */
#ifndef OC_KIT_H
#define OC_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ocelli/context.h>
#include <ocelli/device.h>
#include <ocelli/state.h>
#include <ocelli/tensor.h>

typedef struct kit {
    oc_context *context;
    oc_device *device;  /* NULL until kit_open */
    char folder[256];   /* a temporary folder, removed by kit_finish */
    char cache[300];    /* folder/cache */
    char log[65536];    /* all messages so far, a line each; the oldest go when it is full */
    size_t log_size;
    unsigned warnings, errors; /* messages of those levels */
} kit;

/* Makes the context; params may be NULL, its log and (if left out) cache folder are replaced. Fails the test if it cannot. */
void kit_init(kit *k, const oc_context_params *params);
/* Opens the default device ($OCELLI_DEVICE, else auto); the test is skipped when there is none. */
oc_device *kit_open(kit *k);
/* Destroys all, checks that all host and device memory was given back, and removes the temporary folder. */
void kit_finish(kit *k);
bool kit_logged(const kit *k, const char *part);
void kit_log_clear(kit *k);
/* folder/name; a buffer that the next call overwrites. */
const char *kit_path(kit *k, const char *name);

/* Reads a state of type f32 that has so many elements. */
void kit_read_state(kit *k, oc_state *state, const char *name, float *to, int64_t count);

/* For an oc_writer: appends to a text of KIT_TEXT bytes; what does not fit is left out. */
#define KIT_TEXT 8192
void kit_collect(void *text, const char *piece, size_t size);

/* A host allocator that counts, and fails at its fail_at-th call (0: never). */
typedef struct kit_allocator {
    size_t live, calls, fail_at;
} kit_allocator;
oc_allocator kit_allocator_get(kit_allocator *counts);

/* Fails with the error's text. */
#define KIT_OK(status, err) kit_ok_((status), (err), __FILE__, __LINE__)
void kit_ok_(oc_status status, const oc_error *err, const char *file, int line);
/* The status, and a text with this part. */
#define KIT_FAILS(wanted, part, status, err) kit_fails_((wanted), (part), (status), (err), __FILE__, __LINE__)
void kit_fails_(oc_status wanted, const char *part, oc_status status, const oc_error *err, const char *file, int line);

#endif
