/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file log.h
 * What the library has to say while it works, and how results are printed as text.
 *
 * Nothing is ever written to stdout or stderr by the library: messages go to the callback given to
 * oc_context_create(), reports (plans, graphs) to the ::oc_writer given to a print function.
 */
#ifndef OCELLI_LOG_H
#define OCELLI_LOG_H

#include <stddef.h>

#include <ocelli/export.h>

/** How important a message is; a log with level L receives the messages at L and above it in this list. */
typedef enum oc_log_level {
    OC_LOG_NONE = 0,    /**< Nothing at all. */
    OC_LOG_ERROR = 1,   /**< A function failed; the same sentence is in its oc_error. */
    OC_LOG_WARNING = 2, /**< Work went on, but not as planned: a cache was unusable, a solver was distrusted. */
    OC_LOG_INFO = 3,    /**< Decisions a user may want to know. */
    OC_LOG_DEBUG = 4    /**< Everything: program builds, cache hits, solver choices. */
} oc_log_level;

/** Where messages go. Plain data, copied by oc_context_create(). */
typedef struct oc_log {
    oc_log_level level; /**< The most talkative level wanted; OC_LOG_NONE silences. */
    /** Called with one message, without a line end. May be called by any thread that is inside the library. */
    void (*print)(void *user, oc_log_level level, const char *text);
    void *user; /**< Passed to print. */
} oc_log;

/** Where a report goes: called with pieces of UTF-8 text, in order. */
typedef struct oc_writer {
    void (*write)(void *user, const char *text, size_t size); /**< Text is not terminated. */
    void *user; /**< Passed to write. */
} oc_writer;

#endif
