/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes in the cache folder: as a cache file, the find-db, a device's history, its calibration. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/cl.h"
#include "fuzz/fuzz.h"
#include "op/tune.h"
#include "sched/machine.h"

/* The whole file is made up. */
static void cache_file(const uint8_t *data, size_t size) {
    static char path[600];
    oc__string out;
    oc__string_init(&out, fuzz_context());
    if (!path[0]) {
        oc__cache_put(fuzz_context(), "fuzz", "key", "", 0);
        DIR *folder = opendir(fuzz_folder());
        for (struct dirent *at = readdir(folder); at; at = readdir(folder))
            if (!strncmp(at->d_name, "fuzz-", 5))
                snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), at->d_name);
        closedir(folder);
    }
    FILE *file = fopen(path, "wb");
    fuzz_check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0, "no cache file");
    fuzz_check(!oc__cache_get(fuzz_context(), "fuzz", "key", &out) || size >= 32, "a cache file that is too short is taken");
    oc__string_finish(&out);
}

static void find_db(const uint8_t *data, size_t size) {
    oc_error err = {0};
    char path[600];
    oc__variant variant;
    double seconds = 1;
    oc_device *device = fuzz_device();
    snprintf(path, sizeof(path), "%s/find.db", fuzz_folder());
    FILE *file = fopen(path, "wb");
    fuzz_check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0, "no find-db");
    (void)oc__find_get(device, "matmul:m1n1k1", "matmul.ref", false, &variant, &seconds);
    fuzz_check(seconds > 0, "a time that is none");
    fuzz_check(oc__find_save(device, &err) == OC_OK, "the find-db cannot be saved");
    oc_device_destroy(&device);
}

/* Whole files, whose text is made up. */
static void texts(const uint8_t *data, size_t size) {
    oc_error err = {0};
    oc_device *device = fuzz_device();
    oc__speed speed = {0};
    oc__history history;
    oc__arena arena;
    oc__arena_init(&arena, fuzz_context());
    oc__cache_put(fuzz_context(), "history", "a device", data, size);
    fuzz_check(oc__history_read(&history, device, &arena, &err) == OC_OK, "the history cannot be read");
    for (size_t i = 0; i < history.count; i++)
        fuzz_check(history.samples[i].seconds > 0 && isfinite(history.samples[i].ratio), "a sample that is none");
    double predicted = oc__history_predict(&history, "matmul:m1n1k1", 1e-3, &(oc__cost){1, 1}, "matmul.ref", 1);
    fuzz_check(predicted > 0, "a prediction that is none");
    oc__history_finish(&history, fuzz_context());
    oc__history_save(device);
    oc__cache_put(fuzz_context(), "speed", "a device", data, size);
    fuzz_check(!oc__calibration_get(device, &speed) || (speed.flops > 0 && speed.bytes > 0), "a speed that is none");
    oc__arena_finish(&arena);
    oc_device_destroy(&device);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cache_file(data, size);
    find_db(data, size);
    texts(data, size);
    fuzz_memory();
    return 0;
}
