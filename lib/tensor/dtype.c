/* SPDX-License-Identifier: Apache-2.0 */
/* Element types. */
#include <ocelli/tensor.h>

#include <string.h>

typedef struct row {
    oc_dtype dtype;
    size_t size;
    const char *name;
} row;

static const row rows[] = {
    {OC_F32, 4, "f32"}, {OC_F16, 2, "f16"}, {OC_I32, 4, "i32"}, {OC_I64, 8, "i64"}, {OC_U8, 1, "u8"},   {OC_BOOL, 1, "bool"}, {OC_F64, 8, "f64"},
    {OC_BF16, 2, "bf16"}, {OC_I8, 1, "i8"}, {OC_I16, 2, "i16"}, {OC_U16, 2, "u16"}, {OC_U32, 4, "u32"}, {OC_U64, 8, "u64"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

size_t oc_dtype_size(oc_dtype dtype) {
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].dtype == dtype)
            return rows[i].size;
    return 0;
}

const char *oc_dtype_name(oc_dtype dtype) {
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].dtype == dtype)
            return rows[i].name;
    return "none";
}

oc_dtype oc_dtype_from_name(const char *name) {
    for (size_t i = 0; name && i < ROWS; i++)
        if (strcmp(name, oc_dtype_name(rows[i].dtype)) == 0)
            return rows[i].dtype;
    return OC_DTYPE_NONE;
}
