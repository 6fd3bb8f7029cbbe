/* SPDX-License-Identifier: Apache-2.0 */
/* Masks: a strong device acts as a weak one. */
#include "device/cl.h"

#include <string.h>

typedef struct item {
    const char *text;
    size_t size;
} item;

static bool is_word(item it, const char *word) {
    return it.size == strlen(word) && memcmp(it.text, word, it.size) == 0;
}

/* `name=N`, N at least `least`. */
static bool is_number(item it, const char *name, uint64_t least, uint64_t *value) {
    size_t size = strlen(name);
    const char *end;
    uint64_t number;
    if (it.size <= size + 1 || memcmp(it.text, name, size) != 0 || it.text[size] != '=')
        return false;
    if (!oc__parse_size(it.text + size + 1, &end, &number) || end != it.text + it.size || number < least)
        return false;
    *value = number;
    return true;
}

static void set_phone(oc__mask *mask) {
    mask->work_group = 64;
    mask->local_mem = 16 << 10;
    mask->local_masked = true;
    mask->max_alloc = 128 << 20;
    mask->no_fp64 = true;
}

static bool parse_item(item it, oc__mask *mask) {
    uint64_t number;
    if (is_number(it, "wg", 1, &number)) {
        mask->work_group = number;
    } else if (is_number(it, "local", 0, &number)) {
        mask->local_mem = number;
        mask->local_masked = true;
    } else if (is_number(it, "alloc", 1, &number)) {
        mask->max_alloc = number;
    } else if (is_number(it, "align", 1, &number) && number <= 1 << 20 && (number & (number - 1)) == 0) {
        mask->align = (uint32_t)number;
    } else if (is_word(it, "bits=32")) {
        mask->bits = 32;
    } else if (is_word(it, "nofp16")) {
        mask->no_fp16 = true;
    } else if (is_word(it, "nofp64")) {
        mask->no_fp64 = true;
    } else if (is_word(it, "noimages")) {
        mask->no_images = true;
    } else if (is_word(it, "inorder")) {
        mask->in_order = true;
    } else if (is_word(it, "phone")) {
        set_phone(mask);
    } else {
        return false;
    }
    return true;
}

oc_status oc__mask_parse(oc_context *context, const char *text, oc__mask *out, oc_error *err) {
    oc__mask mask = {0};
    for (const char *at = text; *at;) {
        item it = {at, strcspn(at, ",")};
        if (!parse_item(it, &mask))
            return oc__fail(context, err, OC_ERROR_INVALID,
                            "'%.*s' in the device mask is none of wg=N, local=N[k|M], alloc=N[k|M|G], align=N (a power of "
                            "two), bits=32, nofp16, nofp64, noimages, inorder, phone",
                            (int)it.size, it.text);
        at += it.size;
        if (*at == ',' && !*++at)
            return oc__fail(context, err, OC_ERROR_INVALID, "the device mask '%s' ends with a comma", text);
    }
    *out = mask;
    return OC_OK;
}

void oc__mask_apply(const oc__mask *mask, oc_device_info *info) {
    if (mask->bits == 32) {
        info->address_bits = 32;
        info->global_mem = OC_MIN(info->global_mem, (uint64_t)UINT32_MAX);
        info->max_alloc = OC_MIN(info->max_alloc, (uint64_t)INT32_MAX);
    }
    if (mask->work_group)
        info->max_work_group = OC_MIN(info->max_work_group, mask->work_group);
    if (mask->local_masked)
        info->local_mem = OC_MIN(info->local_mem, mask->local_mem);
    if (mask->max_alloc)
        info->max_alloc = OC_MIN(info->max_alloc, mask->max_alloc);
    info->address_align = OC_MAX(info->address_align, mask->align);
    info->fp16 = info->fp16 && !mask->no_fp16;
    info->fp64 = info->fp64 && !mask->no_fp64;
    info->images = info->images && !mask->no_images;
    info->out_of_order = info->out_of_order && !mask->in_order;
}
