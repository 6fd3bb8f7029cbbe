/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint32_t u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t u16(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*size + 1);
    if (data && fread(data, 1, *size, file) != *size) {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

/* The entry's bytes, inflated: found through the central directory at the end. */
static uint8_t *extract(const uint8_t *zip, size_t size, const char *name, size_t *out_size) {
    size_t end = size < 22 ? 0 : size - 22;
    while (end && u32(zip + end) != 0x06054b50)
        end--;
    if (!end)
        return NULL;
    const uint8_t *entry = zip + u32(zip + end + 16);
    for (uint32_t i = 0; i < u16(zip + end + 10); i++) {
        uint32_t length = u16(entry + 28);
        if (length == strlen(name) && !memcmp(entry + 46, name, length)) {
            const uint8_t *local = zip + u32(entry + 42), *data = local + 30 + u16(local + 26) + u16(local + 28);
            *out_size = u32(entry + 24);
            uint8_t *out = malloc(*out_size + 1);
            z_stream z = {.next_in = (uint8_t *)data, .avail_in = u32(entry + 20), .next_out = out, .avail_out = (uInt)*out_size};
            if (u16(entry + 10) == 0) {
                memcpy(out, data, *out_size);
                return out;
            }
            bool ok = inflateInit2(&z, -MAX_WBITS) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END;
            inflateEnd(&z);
            if (ok)
                return out;
            free(out);
            return NULL;
        }
        entry += 46 + length + u16(entry + 30) + u16(entry + 32);
    }
    return NULL;
}

static bool parse(const uint8_t *npy, size_t size, npz_array *out) {
    size_t header = npy[6] == 1 ? u16(npy + 8) : u32(npy + 8), start = (npy[6] == 1 ? 10 : 12) + header;
    char text[512] = "";
    memcpy(text, npy + (npy[6] == 1 ? 10 : 12), header < sizeof(text) - 1 ? header : sizeof(text) - 1);
    const char *type = strstr(text, "'descr': '<"), *shape = strstr(text, "'shape': (");
    if (!type || !shape || strstr(text, "'fortran_order': True"))
        return false;
    type += 11;
    shape += 10;
    *out = (npz_array){.count = 1};
    while (*shape && *shape != ')') {
        out->dims[out->rank] = strtoll(shape, (char **)&shape, 10);
        out->count *= out->dims[out->rank++];
        shape += strspn(shape, ", ");
    }
    out->values = malloc(sizeof(double) * (size_t)(out->count + 1));
    for (int64_t i = 0; i < out->count; i++) {
        const uint8_t *at = npy + start + (size_t)i * (type[1] == '4' ? 4 : 8);
        float f;
        int64_t n;
        if (at + 4 > npy + size)
            return false;
        if (!strncmp(type, "f4", 2)) {
            memcpy(&f, at, 4);
            out->values[i] = f;
        } else if (!strncmp(type, "f8", 2)) {
            memcpy(&out->values[i], at, 8);
        } else {
            memcpy(&n, at, 8);
            out->values[i] = (double)n;
        }
    }
    return true;
}

bool npz_read(const char *path, const char *name, npz_array *out) {
    size_t size = 0, npy_size = 0;
    char full[256];
    *out = (npz_array){0};
    snprintf(full, sizeof(full), "%s.npy", name);
    uint8_t *zip = read_file(path, &size), *npy = zip ? extract(zip, size, full, &npy_size) : NULL;
    bool ok = npy && npy_size > 12 && parse(npy, npy_size, out);
    free(npy);
    free(zip);
    return ok;
}
