/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file export.h
 * Macros that every public header uses: what is exported, what must be looked at, and C linkage.
 *
 * Applications need not include this file, and have one macro to set: OC_STATIC, if they link the library statically on
 * Windows or compile its sources into their own (CMake's target Ocelli::static does it). OC_BUILDING is the library's own.
 */
#ifndef OCELLI_EXPORT_H
#define OCELLI_EXPORT_H

/**
 * Marks a function that is part of the library's interface: visible in a shared library, where all else is hidden; nothing with
 * OC_STATIC.
 */
#if defined(OC_STATIC)
#define OC_EXPORT
#elif defined(_WIN32)
#ifdef OC_BUILDING
#define OC_EXPORT __declspec(dllexport)
#else
#define OC_EXPORT __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define OC_EXPORT __attribute__((visibility("default")))
#else
#define OC_EXPORT
#endif

/** Marks a function whose result, an oc_status as a rule, must not be ignored: compilers warn (GCC, Clang). */
#if defined(__GNUC__)
#define OC_MUST_USE __attribute__((warn_unused_result))
#else
#define OC_MUST_USE
#endif

/** Around declarations: C linkage where a C++ compiler reads them. The headers are C11 and C++11. */
#ifdef __cplusplus
#define OC_BEGIN extern "C" {
#define OC_END }
#else
#define OC_BEGIN
#define OC_END
#endif

#endif
