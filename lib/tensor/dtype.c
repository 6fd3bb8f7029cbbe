/* SPDX-License-Identifier: Apache-2.0 */
/* Element types. */
#include <ocelli/tensor.h>

#include <string.h>

typedef struct row {
    oc_dtype dtype;
    size_t size;
    char name[8]; /* upper case */
} row;

static const row rows[] = {
#define ROW(name, number, size, numpy) {OC_##name, size, #name},
    OC_DTYPE_LIST(ROW)
#undef ROW
};

enum { ROWS = sizeof rows / sizeof rows[0] };

size_t oc_dtype_size(oc_dtype dtype)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].dtype == dtype)
            return rows[i].size;
    return 0;
}

const char *oc_dtype_name(oc_dtype dtype)
{
    switch (dtype) {
    case OC_F32:
        return "f32";
    case OC_F16:
        return "f16";
    case OC_I32:
        return "i32";
    case OC_I64:
        return "i64";
    case OC_U8:
        return "u8";
    case OC_BOOL:
        return "bool";
    default:
        return "none";
    }
}

oc_dtype oc_dtype_from_name(const char *name)
{
    for (size_t i = 0; name && i < ROWS; i++)
        if (strcmp(name, oc_dtype_name(rows[i].dtype)) == 0)
            return rows[i].dtype;
    return OC_DTYPE_NONE;
}
