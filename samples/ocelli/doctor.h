/* SPDX-License-Identifier: Apache-2.0 */
/* What ocelli doctor finds. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "app.h"

/* Sentences, each allocated. */
typedef struct texts {
    char **items;
    size_t count;
} texts;
void texts_add(texts *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
void texts_free(texts *list);

/* An .icd file, or a library named in its place. */
typedef struct driver {
    char *file, *library;
    char *why; /* it does not load; NULL: it does */
} driver;

typedef struct doctor_test {
    const char *name;
    char solver[64], why[512];
    double error, seconds; /* largest difference to the host's numbers, relative to their largest; of a run */
    bool right;
} doctor_test;
#define DOCTOR_TESTS 3

typedef struct checked_device {
    oc_device_info info;
    char why[512]; /* it could not be opened */
    doctor_test tests[DOCTOR_TESTS];
    double seconds; /* of all of them, compiling included */
} checked_device;

typedef struct doctor {
    app app;
    char *loader, *loader_why;
    char *vendors; /* where .icd files are looked for */
    driver *drivers;
    size_t driver_count;
    checked_device *devices;
    size_t device_count;
    const char *cache;
    bool cache_exists;
    unsigned cache_mode;
    uint64_t cache_files, cache_bytes;
    texts environment, problems, notes, advice;
} doctor;

/* doctor_drivers.c: the loader, and what it loads. */
void doctor_find_drivers(doctor *d);
/* doctor_test.c: product, convolution and pool on a device, against the host's numbers. */
void doctor_test_device(doctor *d, checked_device *device);

#endif
