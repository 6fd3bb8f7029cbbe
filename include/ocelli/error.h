/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file error.h
 * How functions of this library fail.
 *
 * A function that can fail returns an ::oc_status, which must be looked at, and takes a last argument
 * `oc_error *`, which may be NULL. On failure the error holds one sentence: what was wrong, where, and what would
 * be right; where a driver was the cause, OpenCL's own code and name are in it. The same sentence goes to the log.
 * Outputs are untouched on failure. The library never aborts, exits, prints, or changes signals or locale.
 *
 * The one exception to the form: functions that add to a graph (graph.h, op/) return the new value, NULL
 * on failure, so that they can be nested; the reason goes to the same `oc_error *` and stays in the graph.
 */
#ifndef OCELLI_ERROR_H
#define OCELLI_ERROR_H

#include <ocelli/export.h>

/** Every status: name, number (part of the interface: add, don't change), and what it means. */
#define OC_STATUS_LIST(X) \
    X(OK, 0, "success") \
    X(ERROR_INVALID, 1, "an argument or a combination of arguments is wrong") \
    X(ERROR_SHAPE, 2, "shapes or types do not fit together") \
    X(ERROR_UNSUPPORTED, 3, "valid, but not supported by this version or this device") \
    X(ERROR_MEMORY, 4, "host memory is exhausted or its limit is reached") \
    X(ERROR_DEVICE_MEMORY, 5, "device memory is exhausted or its limit is reached") \
    X(ERROR_NO_DEVICE, 6, "no OpenCL device fits the request") \
    X(ERROR_DEVICE, 7, "an OpenCL call failed") \
    X(ERROR_BUILD, 8, "an OpenCL program could not be built") \
    X(ERROR_IO, 9, "a file could not be read or written") \
    X(ERROR_FORMAT, 10, "a file or text is malformed") \
    X(ERROR_NOT_FOUND, 11, "a name is not known") \
    X(ERROR_LIMIT, 12, "a size exceeds what can be represented or was allowed") \
    X(ERROR_TRUST, 13, "no way to compute this gave right results on this device") \
    X(ERROR_CANCELLED, 14, "the work was cancelled or its deadline has passed") \
    X(ERROR_FORKED, 15, "the process was forked: devices of the parent cannot be used") \
    X(ERROR_INTERNAL, 16, "a bug in the library")

/** The result of a function that can fail. */
typedef enum oc_status {
#define OC_STATUS_ENUM(name, number, text) OC_##name = number,
    OC_STATUS_LIST(OC_STATUS_ENUM)
#undef OC_STATUS_ENUM
} oc_status;

/** Why something failed. Plain data: declare one, pass its address, read it after a failure. */
typedef struct oc_error {
    oc_status status; /**< The same value the function returned. */
    int native;       /**< OpenCL's or the system's own error number, 0 where there is none. */
    char text[496];   /**< One sentence in UTF-8, always terminated; "" if nothing was ever reported. */
} oc_error;

OC_BEGIN

/** The name of a status, such as "OC_ERROR_SHAPE". A static string; "OC_ERROR_INTERNAL" for unknown numbers. */
OC_EXPORT const char *oc_status_name(oc_status status);

/** What a status means, such as "shapes or types do not fit together". A static string. */
OC_EXPORT const char *oc_status_text(oc_status status);

OC_END

#endif
