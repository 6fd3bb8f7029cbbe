/* SPDX-License-Identifier: Apache-2.0 */
/* A 128-bit hash in two lanes: FNV-1a, and a variant with another prime and a rotation. */
#include "base/base.h"

#include <string.h>

oc__hash oc__hash_init(void) {
    return (oc__hash){0xcbf29ce484222325u, 0x9e3779b97f4a7c15u};
}

void oc__hash_add(oc__hash *hash, const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint64_t a = hash->a, b = hash->b;
    for (size_t i = 0; i < size; i++) {
        a = (a ^ bytes[i]) * 0x100000001b3u;
        b = (b ^ (bytes[i] + 1u)) * 0xff51afd7ed558ccdu;
        b = b << 29 | b >> 35;
    }
    hash->a = a;
    hash->b = b;
}

void oc__hash_add_text(oc__hash *hash, const char *text) {
    oc__hash_add(hash, text, strlen(text) + 1);
}

void oc__hash_text(oc__hash hash, char text[33]) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        text[i] = digits[hash.a >> (60 - 4 * i) & 15];
        text[16 + i] = digits[hash.b >> (60 - 4 * i) & 15];
    }
    text[32] = '\0';
}
