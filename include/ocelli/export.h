/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file export.h
 * Visibility and attribute macros used by every public header.
 *
 * Applications never need to include this file themselves.
 */
#ifndef OCELLI_EXPORT_H
#define OCELLI_EXPORT_H

/** Marks a function that is part of the library's interface. */
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

/** Marks a function whose result must not be ignored. */
#if defined(__GNUC__)
#define OC_MUST_USE __attribute__((warn_unused_result))
#else
#define OC_MUST_USE
#endif

#ifdef __cplusplus
#define OC_BEGIN extern "C" {
#define OC_END }
#else
#define OC_BEGIN
#define OC_END
#endif

#endif
