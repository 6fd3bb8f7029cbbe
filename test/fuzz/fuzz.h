/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share. Each is a program of its own: with libFuzzer (meson -Dfuzz=true, clang) it makes up inputs, else it takes files
 * and folders. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ocelli/context.h>
#include <ocelli/device.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One context for the process: 256 MiB of host memory, its cache in fuzz_folder(). */
oc_context *fuzz_context(void);
/* A temporary folder of the process. */
const char *fuzz_folder(void);
/* Ends the process if it is not right. */
void fuzz_check(bool right, const char *what);
/* Success and a result, or failure and a sentence. */
void fuzz_result(oc_status status, const oc_error *err, bool result);
/* All of the context's memory has been given back, but for a little that it keeps. */
void fuzz_memory(void);
/* A file that holds the data, overwritten by the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);
/* The data with a zero behind it, to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);
/* A device that nothing can be submitted to; to be destroyed. */
oc_device *fuzz_device(void);

#endif
