/* SPDX-License-Identifier: Apache-2.0 */
/* Training that goes on after a fault: every OpenCL call and every host allocation of one step fails once, in an exec that lives on. The
 * states are then as before the step, or said to be uncertain until they are given again; the step, done again, gives the same numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/work.h"
#include "kit/faults.h"

static place here;
static training lesson;
static int wrong;
static unsigned points, kept, restored, went_on;

static void complain(uint64_t at, const char *what, const char *more) {
    if (wrong++ < 20)
        printf("point %llu (%s): %s%s%s\n", (unsigned long long)at, faults_get().last ? faults_get().last : "-", what, more ? ": " : "",
               more ? more : "");
}

static void need(oc_status status, const oc_error *err) {
    if (status != OC_OK) {
        printf("%s\n0 passed, 1 failed, 0 skipped\n", err->text);
        exit(1);
    }
}

/* All states, and behind them the loss of the last step. */
static unsigned char *snapshot(size_t *size) {
    oc_error err = {0};
    unsigned char *bytes = NULL;
    need(training_read(&lesson, &here, &bytes, size, &err), &err);
    return bytes;
}

/* After a failure: as before, or neither to be read nor to be trained on; then given again. */
static void check_states(uint64_t at, const unsigned char *before, size_t size) {
    oc_error err = {0};
    unsigned char *now = NULL;
    if (training_read(&lesson, &here, &now, &size, &err) == OC_OK) {
        kept++;
        if (memcmp(now, before, size))
            complain(at, "the states have changed", NULL);
    } else {
        restored++;
        if (!strstr(err.text, "uncertain"))
            complain(at, "the states cannot be read", err.text);
        if (training_step(&lesson, 1, &err) != OC_ERROR_INVALID || !strstr(err.text, "uncertain"))
            complain(at, "uncertain states are trained on", err.text);
        need(training_write(&lesson, &here, before, &err), &err);
    }
    free(now);
}

/* One step with a fault, on the state `before`; then without, which must come to `after`. */
static void run_point(faults_order order, const unsigned char *before, const unsigned char *after, size_t size, float loss) {
    oc_error err = {0};
    uint64_t at = order.call + order.allocation;
    points++;
    faults_arm(order);
    oc_status status = training_step(&lesson, 1, &err);
    faults_disarm();
    if (status == OC_OK) {
        went_on++;
    } else {
        if (strlen(err.text) < 10)
            complain(at, "no sentence", NULL);
        check_states(at, before, size);
        status = training_step(&lesson, 1, &err);
        if (status != OC_OK)
            complain(at, "the next step fails", err.text);
    }
    unsigned char *now = snapshot(&size);
    if (memcmp(now, after, size) || lesson.loss_number != loss)
        complain(at, "the step, done again, gives other numbers", NULL);
    free(now);
    need(training_write(&lesson, &here, before, &err), &err);
}

int main(void) {
    oc_error err = {0};
    oc_allocator allocator = faults_allocator();
    size_t size = 0;
    snprintf(here.folder, sizeof(here.folder), "/tmp");
    need(oc_context_create(&here.context, &(oc_context_params){.allocator = &allocator, .cache_folder = ""}, &err), &err);
    if (!faults_install(here.context) || oc_device_create(&here.device, here.context, NULL, &err) != OC_OK) {
        printf("no device\n0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    need(training_init(&lesson, &here, here.device, &err), &err);
    need(training_step(&lesson, 1, &err), &err);
    unsigned char *before = snapshot(&size);
    faults_arm((faults_order){0});
    need(training_step(&lesson, 1, &err), &err);
    faults_counts counts = faults_get();
    unsigned char *after = snapshot(&size);
    float loss = lesson.loss_number;
    need(training_write(&lesson, &here, before, &err), &err);
    for (uint64_t at = 1; at <= counts.calls; at++)
        run_point((faults_order){.call = at}, before, after, size, loss);
    for (uint64_t at = 1; at <= counts.allocations; at++)
        run_point((faults_order){.allocation = at}, before, after, size, loss);
    free(before);
    free(after);
    training_finish(&lesson);
    oc_device_destroy(&here.device);
    oc_context_destroy(&here.context);
    counts = faults_get();
    for (int kind = 0; kind < FAULTS_KINDS; kind++)
        if (counts.live[kind])
            complain(0, "left", faults_kind_name((faults_kind)kind));
    if (counts.blocks)
        complain(0, "left", "host memory");
    printf("%u points: after %u the states were as before, after %u they had to be given again, %u went on; %d wrong\n", points, kept,
           restored, went_on, wrong);
    printf("%d passed, %d failed, 0 skipped\n", !wrong, wrong > 0);
    return wrong > 0;
}
