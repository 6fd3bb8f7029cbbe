/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the context's log, and printf into an oc_writer. */
#include "base/base.h"

#include <string.h>

void oc__log(const oc_context *context, oc_log_level level, const char *format, ...) {
    if (!context || !context->log.print || level > context->log.level)
        return;
    char text[2048];
    va_list args;
    va_start(args, format);
    oc__vformat(text, sizeof text, format, args);
    va_end(args);
    context->log.print(context->log.user, level, text);
}

void oc__print(const oc_writer *writer, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    int size = oc__vformat(text, sizeof text, format, args);
    va_end(args);
    if (size < 0)
        return;
    if ((size_t)size < sizeof text) {
        writer->write(writer->user, text, (size_t)size);
        return;
    }
    char *large = oc__alloc(NULL, (size_t)size + 1);
    if (!large) {
        writer->write(writer->user, text, strlen(text));
        return;
    }
    va_start(args, format);
    oc__vformat(large, (size_t)size + 1, format, args);
    va_end(args);
    writer->write(writer->user, large, (size_t)size);
    oc__free(NULL, large);
}
