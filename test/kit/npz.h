/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of NumPy's .npz files, as doubles: what tests compare with. */
#ifndef OC_KIT_NPZ_H
#define OC_KIT_NPZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct npz_array {
    int rank;
    int64_t dims[8], count;
    double *values; /* freed by the caller */
} npz_array;

/* The array "NAME.npy" of a file; false if there is none or it cannot be read. f4, f8, i8 in C order. */
bool npz_read(const char *path, const char *name, npz_array *out);

#endif
