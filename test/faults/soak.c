/* SPDX-License-Identifier: Apache-2.0 */
/* Much of the same: soak [--full | RUNS PLANS]. Runs of one exec, and plans that are made, run once and destroyed. Memory stays where it is:
 * host allocations and OpenCL objects to the last one, the process's own within a bound. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/faults.h"
#include "kit/work.h"

/* The address sanitizer keeps what was freed. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_FREED 1
#elif defined(__has_feature)
#define KEEPS_FREED __has_feature(address_sanitizer)
#else
#define KEEPS_FREED 0
#endif

static place here;
static int wrong;

static void complain(const char *what, const char *more) {
    wrong++;
    printf("%s: %s\n", what, more);
}

static void need(oc_status status, const oc_error *err) {
    if (status != OC_OK) {
        printf("%s\n0 passed, 1 failed, 0 skipped\n", err->text);
        exit(1);
    }
}

/* Kilobytes of the process in memory. */
static long resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * 4;
}

/* Nothing more than before; `slack`: kilobytes that allocators and drivers may keep. */
static void compare(const char *what, const faults_counts *before, long kilobytes, long slack) {
    faults_counts now = faults_get();
    char text[160];
    long grown = resident() - kilobytes;
    snprintf(text, sizeof(text), "%lld host allocations, %lld bytes, %ld KiB of the process", (long long)(now.blocks - before->blocks),
             (long long)(now.bytes - before->bytes), grown);
    printf("%s: more than before: %s\n", what, text);
    if (now.blocks != before->blocks || now.bytes != before->bytes || (grown > slack && !KEEPS_FREED))
        complain(what, text);
    for (int kind = 0; kind < FAULTS_KINDS; kind++)
        if (now.live[kind] != before->live[kind]) {
            snprintf(text, sizeof(text), "%lld %s left", (long long)(now.live[kind] - before->live[kind]), faults_kind_name((faults_kind)kind));
            complain(what, text);
        }
    fflush(stdout);
}

/* A step of training, and now and then one that is enqueued and timed: with events. */
static void run_once(training *t, const place *at, int64_t i) {
    oc_error err = {0};
    (void)at;
    if (i % 16 == 0)
        need(oc_exec_set_profiling(t->exec, i % 32 == 0, &err), &err);
    if (i % 4 == 0) {
        oc_event *done = NULL;
        need(oc_exec_enqueue(t->exec, NULL, 0, NULL, 0, NULL, 0, &done, &err), &err);
        need(oc_event_wait(done, &err), &err);
        oc_event_destroy(&done);
        need(oc_exec_wait(t->exec, &err), &err);
    } else {
        need(training_step(t, i + 1, &err), &err);
    }
}

static void soak_runs(int64_t runs) {
    training t;
    oc_error err = {0};
    need(training_init(&t, &here, here.device, &err), &err);
    need(training_step(&t, 1, &err), &err);
    for (int64_t i = 0; i < runs / 10 + 100; i++)
        run_once(&t, &here, i);
    faults_counts before = faults_get();
    long kilobytes = resident();
    for (int64_t i = 0; i < runs; i++)
        run_once(&t, &here, i);
    run_once(&t, &here, runs / 10 + 99); /* profiling as it was */
    compare("runs", &before, kilobytes, 2048);
    training_finish(&t);
}

static void soak_plans(int64_t plans) {
    oc_error err = {0};
    float numbers[NUMBERS];
    work *const both[] = {work_lenet, work_squeezenet};
    for (int64_t i = 0; i < plans / 10 + 10; i++)
        need(both[i % 2](&here, numbers, &err), &err);
    faults_counts before = faults_get();
    long kilobytes = resident();
    for (int64_t i = 0; i < plans; i++)
        need(both[i % 2](&here, numbers, &err), &err);
    compare("plans", &before, kilobytes, 4096 + plans * 8);
}

int main(int argc, char **argv) {
    oc_error err = {0};
    oc_allocator allocator = faults_allocator();
    bool full = argc > 1 && !strcmp(argv[1], "--full");
    int64_t runs = full ? 100000 : argc > 2 ? atoll(argv[1]) : 2000, plans = full ? 1000 : argc > 2 ? atoll(argv[2]) : 40;
    snprintf(here.folder, sizeof(here.folder), "/tmp/ocelli-soak-XXXXXX");
    need(mkdtemp(here.folder) ? OC_OK : OC_ERROR_IO, &err);
    snprintf(here.model, sizeof(here.model), "%s/model.onnx", here.folder);
    need(oc_context_create(&here.context, &(oc_context_params){.allocator = &allocator, .cache_folder = ""}, &err), &err);
    if (!faults_install(here.context) || oc_device_create(&here.device, here.context, NULL, &err) != OC_OK) {
        printf("no device\n0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    need(work_write_model(&here, &err), &err);
    soak_runs(runs);
    soak_plans(plans);
    oc_device_destroy(&here.device);
    oc_context_destroy(&here.context);
    faults_counts none = {0};
    compare("all closed", &none, resident(), 0);
    remove(here.model);
    remove(here.folder);
    printf("%lld runs, %lld plans\n%d passed, %d failed, 0 skipped\n", (long long)runs, (long long)plans, !wrong, wrong > 0);
    return wrong > 0;
}
