/* SPDX-License-Identifier: Apache-2.0 */
/* Measured times of solvers: kept with the device and in the cache folder, a line each, used instead of estimates.
 *
 * The file "find.db" there is text: a line is device, problem, solver, and microseconds with the variant, separated by tabs. It is
 * written whole and renamed, under a lock; lines that other processes added meanwhile are kept. It changes only when tuning is
 * asked for. What it does not know may be in shipped.def, for devices that were seen when the library was made. */
#ifndef OC_TUNE_H
#define OC_TUNE_H

#include "op/rig.h"

typedef enum oc__tune_mode { OC_TUNE_OFF = 0, OC_TUNE_FAST, OC_TUNE_FULL } oc__tune_mode;
/* From "off", "fast", "full"; NULL: $OCELLI_TUNE, else off. False for another text. */
bool oc__tune_mode_parse(const char *text, oc__tune_mode *mode);

/* finddb.c: the measured time of a solver and its best variant. Key: the problem's text without layouts. `here`: not shipped. */
bool oc__find_get(oc_device *device, const char *key, const char *solver, bool here, oc__variant *variant, double *seconds);
void oc__find_put(oc_device *device, const char *key, const char *solver, const oc__variant *variant, double seconds);
void oc__find_load(oc_device *device); /* once for a device: reads the file */
oc_status oc__find_save(oc_device *device, oc_error *err);
void oc__find_key(const oc__problem *problem, oc__string *key);

/* A line of shipped.def: of devices whose key has all of the words, cut at "&"; value: as in find.db. */
typedef struct oc__shipped {
    const char *words, *key, *solver, *value;
} oc__shipped;
/* For oc__find_load(); ends with NULL words. Tests replace it. */
extern const oc__shipped *oc__shipped_lines;

/* tune.c: measures every solver that is trusted (fast: with its usual variant; full: with all) unless it was measured before.
 * limit: seconds a variant may take in all, its compilation and verification too; when it is over, the next one is tried. */
oc_status oc__tune(oc_device *device, const oc__problem *problem, oc__tune_mode mode, double limit, oc_error *err);
/* $OCELLI_TUNE_LIMIT in seconds if wanted is 0; else, and where that is no number above 0, 10. */
double oc__tune_limit(double wanted);

#endif
