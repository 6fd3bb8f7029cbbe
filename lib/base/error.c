/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses and the one place where errors get their text. */
#include "base/base.h"

#include <string.h>

const char *oc_status_name(oc_status status) {
    switch (status) {
#define OC_STATUS_NAME(name, number, text) \
    case OC_##name: \
        return "OC_" #name;
        OC_STATUS_LIST(OC_STATUS_NAME)
#undef OC_STATUS_NAME
    }
    return "OC_ERROR_INTERNAL";
}

const char *oc_status_text(oc_status status) {
    switch (status) {
#define OC_STATUS_SENTENCE(name, number, text) \
    case OC_##name: \
        return text;
        OC_STATUS_LIST(OC_STATUS_SENTENCE)
#undef OC_STATUS_SENTENCE
    }
    return "a bug in the library";
}

/* A text that was cut to fit must not end inside a UTF-8 sequence. */
static void trim_utf8(char *text) {
    size_t end = strlen(text), start = end;
    while (start > 0 && end - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (end - (start - 1) < want)
        text[start - 1] = '\0';
}

static oc_status fail(oc_context *context, oc_error *err, oc_status status, int native, const char *format, va_list args) {
    oc_error local;
    local.status = status;
    local.native = native;
    int size = oc__vformat(local.text, sizeof local.text, format, args);
    if (size >= (int)sizeof local.text)
        trim_utf8(local.text);
    if (err)
        *err = local;
    oc__log(context, OC_LOG_ERROR, "%s", local.text);
    return status;
}

oc_status oc__fail_(oc_context *context, oc_error *err, oc_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail(context, err, status, 0, format, args);
    va_end(args);
    return status;
}

oc_status oc__fail_native_(oc_context *context, oc_error *err, oc_status status, int native, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail(context, err, status, native, format, args);
    va_end(args);
    return status;
}
