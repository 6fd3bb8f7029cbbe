/* SPDX-License-Identifier: Apache-2.0 */
/* What a device really does, in about a second: its peaks, what a launch and a wait cost, transfers, and how far off the solvers'
 * estimates are for typical problems. Kept in the cache folder, for it decides about plans and should not change by itself. */
#include <math.h>
#include <ocelli/bench.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/rig.h"
#include "op/tune.h"
#include "sched/machine.h"

#define KIND "speed"
#define FORMAT "ocelli speed 2"
#define ROUNDS 7
#define LAUNCHES 64
#define PIECE ((uint64_t)4 << 20)

/* Of each kind that networks are made of; the history's first entries. */
static const char *const problems[] = {
    "conv2d:mb1ic64ih28oc64oh28kh3ph1", "conv2d:mb1ic256ih14oc256oh14kh3ph1", "conv2d:mb1ic256ih28oc64oh28kh1ph0",
    "conv2d:mb1ic512ih7oc2048oh7kh1ph0", "conv2d:mb1ic3ih224oc32oh112kh3ph1sh2", "conv2d:g96mb1ic96ih56oc96oh56kh3ph1",
    "matmul:m1n1000k2048tbb", "matmul:m128n512k512", "max_pool2d:1x64x56x56:kernel=3/3,stride=2/2", "add:1x64x56x56,1x64x56x56"};

/* PIECE bytes on the device and in host memory. */
typedef struct scratch {
    oc_device *device;
    oc__buffer *buffer;
    void *host;
} scratch;

/* Others on the machine only ever add to a time. */
static double least(const double *values, int count) {
    double best = values[0];
    for (int i = 1; i < count; i++)
        best = fmin(best, values[i]);
    return best;
}

static oc_status run_launches(oc_device *device, const oc__launches *launches, int count, double *seconds, oc_error *err) {
    oc__queue *queue = oc__device_queue(device);
    double start = oc__clock_seconds();
    for (int i = 0; i < count; i++)
        OC_TRY(oc__launches_run((oc__launches *)launches, queue, 0, launches->count, NULL, err));
    OC_TRY(oc__queue_finish(queue, err));
    *seconds = oc__clock_seconds() - start;
    return OC_OK;
}

static oc_status measure_launch(const scratch *s, oc__speed *out, oc_error *err) {
    oc_device *device = s->device;
    oc__steps steps;
    oc__launches launches = {0};
    oc__slab slab = {s->buffer, 0};
    double many[ROUNDS], one[ROUNDS];
    oc__steps_init(&steps, oc__device_context(device));
    oc__step *step = oc__step_kernel(&steps, "bench_peak.cl", "#define VEC 1\n", "bench_peak_flops");
    oc__step_place(&steps, step, (oc__place){0, 0}, 4);
    oc__step_i32(&steps, step, 1);
    oc__step_f32(&steps, step, 0.5f);
    oc__step_f32(&steps, step, 0.5f);
    oc__step_range_single(step, 1, 1, 1);
    oc_status status = oc__steps_check(&steps, err);
    if (status == OC_OK)
        status = oc__launches_init(&launches, device, &steps, &slab, 1, err);
    for (int i = -1; i < ROUNDS && status == OC_OK; i++) {
        status = run_launches(device, &launches, LAUNCHES, &many[OC_MAX(i, 0)], err);
        if (status == OC_OK)
            status = run_launches(device, &launches, 1, &one[OC_MAX(i, 0)], err);
    }
    if (status == OC_OK) {
        double single = least(one, ROUNDS);
        out->launch = fmax(least(many, ROUNDS) - single, 1e-7) / (LAUNCHES - 1);
        out->wait = fmax(single - out->launch, 1e-7);
    }
    oc__launches_finish(&launches);
    oc__steps_finish(&steps);
    return status;
}

/* Seconds to write and to read so many bytes, both waited for. */
static oc_status there_and_back(const scratch *s, uint64_t bytes, double *seconds, oc_error *err) {
    double times[ROUNDS];
    oc__queue *queue = oc__device_queue(s->device);
    for (int i = -1; i < ROUNDS; i++) {
        double start = oc__clock_seconds();
        OC_TRY(oc__queue_upload(queue, s->buffer, 0, s->host, bytes, err));
        OC_TRY(oc__queue_read(queue, s->buffer, 0, s->host, bytes, true, err));
        times[OC_MAX(i, 0)] = oc__clock_seconds() - start;
    }
    *seconds = least(times, ROUNDS);
    return OC_OK;
}

static oc_status measure_transfer(const scratch *s, oc__speed *out, oc_error *err) {
    double little, much;
    OC_TRY(there_and_back(s, 4, &little, err));
    OC_TRY(there_and_back(s, PIECE, &much, err));
    out->host_latency = fmax(little / 2, 1e-7);
    out->host_rate = 2.0 * (double)PIECE / fmax(much - little, 1e-7);
    return OC_OK;
}

/* As in a network: weights come from beyond the caches, the first operand was just made. */
static oc_status make_cold(const scratch *s, const oc__rig *rig, oc_error *err) {
    oc__queue *queue = oc__device_queue(s->device);
    OC_TRY(oc__queue_upload(queue, s->buffer, 0, s->host, PIECE, err));
    return oc__queue_read(queue, rig->slabs[0].buffer, rig->slabs[0].base, s->host,
                          OC_MIN(oc__desc_bytes(&rig->problem.in[0]), PIECE), true, err);
}

static oc_status time_problem(const scratch *s, const oc__problem *p, double wait, double *seconds, oc_error *err) {
    oc__candidate chosen;
    oc__rig rig;
    double times[ROUNDS];
    OC_TRY(oc__choose(s->device, p, false, &chosen, err));
    OC_TRY(oc__rig_init(&rig, s->device, p, chosen.solver, &chosen.variant, err));
    oc_status status = OC_OK;
    for (int i = 0; status == OC_OK && i < rig.problem.in_count; i++)
        status = oc__rig_fill(&rig, i, err);
    for (int i = -1; i < ROUNDS && status == OC_OK; i++) {
        double once = 0;
        status = make_cold(s, &rig, err);
        if (status == OC_OK)
            status = run_launches(s->device, &rig.launches, 1, &once, err);
        times[OC_MAX(i, 0)] = fmax(once - wait, once / 4);
    }
    oc__rig_finish(&rig);
    *seconds = least(times, ROUNDS);
    return status;
}

/* Measures a problem into the history; gives time over estimate, and whether arithmetic bounds it. False: it cannot be computed. */
static bool learn(const scratch *s, const oc__speed *speed, const char *text, double *ratio, bool *compute) {
    oc_device *device = s->device;
    oc__arena arena;
    oc__problem p;
    oc__string key;
    oc_error ignored;
    const oc__solver *solver = NULL;
    bool measured;
    double seconds, estimate = INFINITY;
    oc__arena_init(&arena, oc__device_context(device));
    oc__string_init(&key, oc__device_context(device));
    bool known = oc__problem_parse(&arena, text, NULL, &p, &ignored) == OC_OK;
    for (int i = 1; known && i < p.out_count; i++)
        p.out[i].dtype = p.op->flags & OC_OP_OPTIONAL_OUTPUTS ? OC_DTYPE_NONE : p.out[i].dtype;
    known = known && isfinite(estimate = oc__least_estimate(device, &p, &solver, &measured)) &&
                 time_problem(s, &p, speed->wait, &seconds, &ignored) == OC_OK;
    if (known) {
        oc__cost cost = oc__problem_cost(&p);
        oc__find_key(&p, &key);
        oc__history_add(device, key.text, seconds, estimate, &cost, solver->name);
        *ratio = seconds / estimate;
        *compute = cost.flops / speed->flops > cost.bytes / speed->bytes;
    }
    oc__string_finish(&key);
    oc__arena_finish(&arena);
    return known;
}

/* The geometric means of measured over estimated times: for ops that history knows nothing of. */
static void learn_all(const scratch *s, oc__speed *speed) {
    double sums[2] = {0};
    int counts[2] = {0};
    for (size_t i = 0; i < OC_COUNT(problems); i++) {
        double ratio;
        bool compute;
        if (!learn(s, speed, problems[i], &ratio, &compute))
            continue;
        sums[compute] += log(ratio);
        counts[compute]++;
    }
    speed->memory_factor = counts[0] ? exp(sums[0] / counts[0]) : 1;
    speed->compute_factor = counts[1] ? exp(sums[1] / counts[1]) : 1;
    oc__history_save(s->device);
}

/* All numbers of a speed, in one order. */
static void numbers_of(oc__speed *speed, double *numbers[8]) {
    double *const all[] = {&speed->flops, &speed->bytes, &speed->launch, &speed->wait, &speed->host_latency, &speed->host_rate,
                           &speed->compute_factor, &speed->memory_factor};
    memcpy(numbers, all, sizeof(all));
}

static void keep(oc_device *device, oc__speed *speed) {
    oc__string text;
    double *numbers[8];
    numbers_of(speed, numbers);
    oc__string_init(&text, oc__device_context(device));
    oc__string_append(&text, FORMAT);
    for (int i = 0; i < 8; i++) {
        oc__string_append(&text, " ");
        oc__string_append_double(&text, *numbers[i]);
    }
    if (!text.failed) {
        oc__device_note_set(device, KIND, text.text);
        oc__cache_put(oc__device_context(device), KIND, oc__device_key(device), text.text, text.size + 1);
    }
    oc__string_finish(&text);
}

static bool parse(const char *text, oc__speed *out) {
    double *numbers[8];
    numbers_of(out, numbers);
    if (strncmp(text, FORMAT " ", sizeof(FORMAT)))
        return false;
    text += sizeof(FORMAT);
    for (int i = 0; i < 8; i++) {
        while (*text == ' ')
            text++;
        if (!oc__parse_double(text, &text, numbers[i]) || !(*numbers[i] > 0) || isinf(*numbers[i]))
            return false;
    }
    return true;
}

bool oc__calibration_get(oc_device *device, oc__speed *out) {
    char text[400];
    oc__string cached;
    oc__speed speed = {.measured = true};
    bool found = oc__device_note_get(device, KIND, text, sizeof(text)) && parse(text, &speed);
    if (!found) {
        oc__string_init(&cached, oc__device_context(device));
        found = oc__cache_get(oc__device_context(device), KIND, oc__device_key(device), &cached) && cached.size &&
                !cached.text[cached.size - 1] && parse(cached.text, &speed);
        if (found)
            oc__device_note_set(device, KIND, cached.text);
        oc__string_finish(&cached);
    }
    oc__format(speed.name, sizeof(speed.name), "%s", oc_device_get_info(device)->name);
    if (found)
        *out = speed;
    return found;
}

static oc_status measure(oc_device *device, oc__speed *out, oc_error *err) {
    scratch s = {.device = device, .host = oc__alloc(oc__device_context(device), (size_t)PIECE)};
    oc_status status = s.host ? oc__buffer_create(&s.buffer, device, PIECE, err)
                              : oc__fail_memory(oc__device_context(device), err, (size_t)PIECE);
    if (status == OC_OK)
        status = measure_transfer(&s, out, err);
    if (status == OC_OK)
        status = measure_launch(&s, out, err);
    if (status == OC_OK)
        learn_all(&s, out);
    oc__buffer_release(&s.buffer);
    oc__free(oc__device_context(device), s.host);
    return status;
}

oc_status oc__calibrate(oc_device *device, oc__speed *out, oc_error *err) {
    oc_bench_peaks peaks;
    double start = oc__clock_seconds();
    OC_TRY(oc_bench_peak(device, &peaks, err));
    out->flops = peaks.flops;
    out->bytes = peaks.bytes;
    OC_TRY(measure(device, out, err));
    out->measured = true;
    keep(device, out);
    oc__log(oc__device_context(device), OC_LOG_INFO, "%s calibrated in %.2f s: %.3g GFLOP/s, %.3g GB/s, launch %.3g us, wait %.3g us, "
            "transfers %.3g us + %.3g GB/s, estimates off by %.2f (arithmetic) and %.2f (memory)", out->name, oc__clock_seconds() - start,
            out->flops * 1e-9, out->bytes * 1e-9, out->launch * 1e6, out->wait * 1e6, out->host_latency * 1e6, out->host_rate * 1e-9,
            out->compute_factor, out->memory_factor);
    return OC_OK;
}

oc_status oc_bench_calibrate(oc_device *device, oc_bench_speed *out, oc_error *err) {
    oc__speed s = {.compute_factor = 1, .memory_factor = 1};
    oc__format(s.name, sizeof(s.name), "%s", oc_device_get_info(device)->name);
    OC_TRY(oc__calibrate(device, &s, err));
    *out = (oc_bench_speed){s.flops, s.bytes, s.launch, s.wait, s.host_latency, s.host_rate, s.compute_factor, s.memory_factor};
    return OC_OK;
}
