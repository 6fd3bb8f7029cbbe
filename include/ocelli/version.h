/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file version.h
 * The version of these headers, and of the library that is running.
 *
 * The soname carries the major version: a program built against 1.x runs with any later 1.y.
 * While the major version is 0, the minor version takes that role.
 */
#ifndef OCELLI_VERSION_H
#define OCELLI_VERSION_H

#include <ocelli/export.h>

/** The headers' major version. */
#define OC_VERSION_MAJOR 0
/** The headers' minor version. */
#define OC_VERSION_MINOR 1
/** The headers' patch version. */
#define OC_VERSION_PATCH 0

/** The version of the headers as one comparable number. */
#define OC_VERSION (OC_VERSION_MAJOR * 1000000 + OC_VERSION_MINOR * 1000 + OC_VERSION_PATCH)

OC_BEGIN

/** The version of the running library, comparable with OC_VERSION. Never fails; thread-safe. */
OC_EXPORT int oc_version_number(void);

/** The version of the running library as text, such as "0.1.0". A static string. */
OC_EXPORT const char *oc_version_text(void);

OC_END

#endif
