/* SPDX-License-Identifier: Apache-2.0 */
/* The fault campaign: every OpenCL call and every host allocation of whole uses of the library fails once. What is wanted each time: a
 * status and a sentence, or numbers that are right all the same; nothing left behind; and right numbers from the next use.
 *
 *   campaign [--full [--seconds N] | --quick] [--several] [--cold | --warm] [--most N] [--only NAME] [--at N]
 *
 * --full: each point, but where whole networks are built anew, or there are two devices, as many as can be done in N seconds (default
 * 300; 60 with two devices) for each part, of each function the same number; else at most --most (default 4) of each function; --quick:
 * fewer, and less is cold. --several: on two devices of PoCL's, and that alone. --cold, --warm: the parts where whole networks are built
 * anew, or the others. --only, --at: one part, one point, for debugging. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "kit/work.h"
#include "kit/faults.h"

typedef enum mode { CALLS, LOST, ALLOCATIONS } mode;

typedef struct part {
    const char *name;
    work *work;
    bool cold; /* a context, a device and a cache folder of its own each time */
    mode mode;
    bool several; /* devices */
    enum { QUICK, SAMPLED, LEFT_OUT } slow; /* sampled: left out with --quick; left out: but with --full */
} part;

static const part parts[] = {
    {"lenet-calls", work_lenet, false, CALLS},
    {"lenet-lost", work_lenet, false, LOST},
    {"lenet-allocations", work_lenet, false, ALLOCATIONS},
    {"squeezenet-calls", work_squeezenet, false, CALLS},
    {"squeezenet-lost", work_squeezenet, false, LOST},
    {"squeezenet-allocations", work_squeezenet, false, ALLOCATIONS},
    {"trainer-calls", work_trainer, false, CALLS},
    {"trainer-allocations", work_trainer, false, ALLOCATIONS},
    {"split-calls", work_split, false, CALLS, .several = true},
    {"split-lost", work_split, false, LOST, .several = true},
    {"split-allocations", work_split, false, ALLOCATIONS, .several = true},
    {"pipeline-calls", work_pipeline, false, CALLS, .several = true},
    {"pipeline-lost", work_pipeline, false, LOST, .several = true, .slow = SAMPLED},
    {"pipeline-allocations", work_pipeline, false, ALLOCATIONS, .several = true, .slow = SAMPLED},
    {"trainer-split-calls", work_trainer, false, CALLS, .several = true, .slow = SAMPLED},
    {"trainer-split-lost", work_trainer, false, LOST, .several = true, .slow = SAMPLED},
    {"trainer-split-allocations", work_trainer, false, ALLOCATIONS, .several = true, .slow = SAMPLED},
    {"shadow-calls", work_shadow, false, CALLS, .several = true, .slow = SAMPLED},
    {"shadow-lost", work_shadow, false, LOST, .several = true, .slow = SAMPLED},
    {"shadow-allocations", work_shadow, false, ALLOCATIONS, .several = true, .slow = SAMPLED},
    {"custom-calls", work_custom, false, CALLS},
    {"custom-allocations", work_custom, false, ALLOCATIONS},
    {"program-calls", work_program, true, CALLS},
    {"program-allocations", work_program, true, ALLOCATIONS},
    {"lenet-cold-calls", work_lenet, true, CALLS, .slow = SAMPLED},
    {"lenet-cold-allocations", work_lenet, true, ALLOCATIONS, .slow = LEFT_OUT},
    {"squeezenet-cold-calls", work_squeezenet, true, CALLS, .slow = LEFT_OUT},
    {"squeezenet-cold-allocations", work_squeezenet, true, ALLOCATIONS, .slow = SAMPLED},
};

static place here;
static bool full, quick, several, cold, warm;
static uint64_t most = 4, only_at;
static double budget; /* seconds for a part where networks are built anew, or of two devices */
static int wrong, leaks;
static unsigned refused, went_on, points;
static float wanted[NUMBERS];

static void complain(const part *p, uint64_t at, const char *what, const char *more) {
    if (wrong++ < 20)
        printf("%s --at %llu (%s): %s%s%s\n", p->name, (unsigned long long)at, faults_get().last ? faults_get().last : "-", what,
               more ? ": " : "", more ? more : "");
}

static void leak(const part *p, uint64_t at, const char *what, int64_t count) {
    char text[120];
    snprintf(text, sizeof(text), "%lld %s left", (long long)count, what);
    leaks++;
    complain(p, at, "leak", text);
}

/* Nothing is there any more; forgets what is. */
static void check_gone(const part *p, uint64_t at) {
    static faults_counts known;
    faults_counts now = faults_get();
    for (int kind = 0; kind < FAULTS_KINDS; kind++)
        if (now.live[kind] != known.live[kind])
            leak(p, at, faults_kind_name((faults_kind)kind), now.live[kind] - known.live[kind]);
    if (now.blocks != known.blocks)
        leak(p, at, "host allocations", now.blocks - known.blocks);
    known = now;
}

static void remove_files(const char *folder) {
    char path[600];
    DIR *open = opendir(folder);
    for (struct dirent *at = open ? readdir(open) : NULL; at; at = readdir(open)) {
        snprintf(path, sizeof(path), "%s/%s", folder, at->d_name);
        if (at->d_name[0] != '.')
            unlink(path);
    }
    if (open)
        closedir(open);
}

static void print_log(void *user, oc_log_level level, const char *text) {
    (void)user;
    fprintf(stderr, "log %d: %s\n", (int)level, text);
}

static bool open_context(void) {
    oc_error err = {0};
    oc_allocator allocator = faults_allocator();
    const oc_log log = {OC_LOG_DEBUG, print_log, NULL};
    char cache[300];
    snprintf(cache, sizeof(cache), "%s/cache", here.folder);
    oc_context_params params = {.allocator = &allocator, .cache_folder = cache, .log = getenv("OCELLI_TEST_LOG") ? &log : NULL};
    if (oc_context_create(&here.context, &params, &err) == OC_OK && faults_install(here.context))
        return true;
    printf("no context: %s\n", err.text);
    return false;
}

static bool open_device(bool several) {
    oc_error err = {0};
    oc_device *two[2] = {NULL};
    size_t count;
    oc_status status = several ? oc_device_create_list(two, 2, &count, here.context, "cpu:0,cpu:1", &err)
                               : oc_device_create(&two[0], here.context, NULL, &err);
    here.device = two[0];
    here.second = two[1];
    if (status != OC_OK)
        printf("%s\n", err.text);
    return status == OC_OK;
}

static void close_all(const part *p, uint64_t at) {
    oc_device_destroy(&here.device);
    oc_device_destroy(&here.second);
    oc_context_destroy(&here.context);
    check_gone(p, at);
}

static bool same(const float *got, float tolerance) {
    for (int i = 0; i < NUMBERS; i++)
        if (!(fabsf(got[i] - wanted[i]) <= tolerance * (1 + fabsf(wanted[i]))))
            return false;
    return true;
}

static faults_order order_of(const part *p, uint64_t at) {
    return p->mode == ALLOCATIONS ? (faults_order){.allocation = at} : (faults_order){.call = at, .for_good = p->mode == LOST};
}

static void check_refusal(const part *p, uint64_t at, oc_status status, const oc_error *err) {
    refused++;
    if (status == OC_ERROR_INTERNAL)
        complain(p, at, "a bug is said to be in the library", err->text);
    else if (err->status != status || strlen(err->text) < 10)
        complain(p, at, "no sentence", oc_status_name(status));
    else if (p->mode == ALLOCATIONS && status != OC_ERROR_MEMORY)
        complain(p, at, "memory was short", err->text);
}

/* The work with one fault in it, then without. */
static void run_point(const part *p, uint64_t at) {
    oc_error err = {0};
    float numbers[NUMBERS] = {0}, again[NUMBERS] = {0};
    points++;
    faults_arm(order_of(p, at));
    oc_status status = p->work(&here, numbers, &err);
    faults_disarm();
    if (status != OC_OK)
        check_refusal(p, at, status, &err);
    else if (!same(numbers, 1e-4f))
        complain(p, at, "wrong numbers of a use that is said to be right", NULL);
    went_on += status == OC_OK;
    if (p->work(&here, again, &err) != OC_OK)
        complain(p, at, "the next use fails", err.text);
    else if (!same(again, 0))
        complain(p, at, "the next use gives other numbers", NULL);
}

static bool open_for(const part *p) {
    char cache[300];
    snprintf(cache, sizeof(cache), "%s/cache", here.folder);
    if (p->cold)
        remove_files(cache);
    return open_context() && (p->cold || open_device(p->several));
}

/* A few times without faults: what is wanted, and how many points there are. Zero: it cannot be done here. */
static uint64_t count_points(const part *p) {
    oc_error err = {0};
    faults_counts counts = {0};
    memset(wanted, 0, sizeof(wanted));
    for (int turn = 0; turn < (p->cold ? 1 : 2); turn++) {
        faults_arm((faults_order){0});
        if (p->work(&here, wanted, &err) != OC_OK) {
            complain(p, 0, "it does not work without faults", err.text);
            return 0;
        }
        counts = faults_get();
    }
    return p->mode == ALLOCATIONS ? counts.allocations : counts.calls;
}

/* The most points of each function that can be tried in the time, each by two uses of the library; at least 1. */
static uint64_t affordable(const uint64_t calls[FAULTS_FUNCTIONS], double seconds) {
    double uses = budget / (2 * seconds);
    for (uint64_t limit = 1;; limit++) {
        uint64_t sum = 0;
        bool all = true;
        for (int f = 0; f < FAULTS_FUNCTIONS; f++) {
            sum += calls[f] < limit + 1 ? calls[f] : limit + 1;
            all &= calls[f] <= limit;
        }
        if (all || (double)sum > uses)
            return limit;
    }
}

/* Which points are tried: of each function of OpenCL, and of allocations, the first, the last and as many between as are wanted. */
static uint8_t *choose_points(const part *p, uint64_t total, double seconds) {
    uint64_t calls[FAULTS_FUNCTIONS] = {0}, seen[FAULTS_FUNCTIONS] = {0};
    uint8_t *chosen = calloc(total + 2, 1);
    for (uint64_t at = 1; at <= total; at++)
        calls[p->mode == ALLOCATIONS ? 0 : faults_function(at)]++;
    uint64_t limit = (p->slow ? 1 : most) * (p->mode == ALLOCATIONS ? 10 : 1);
    if (full)
        limit = p->slow || p->several ? affordable(calls, seconds) : 0;
    for (uint64_t at = 1; chosen && at <= total; at++) {
        int f = p->mode == ALLOCATIONS ? 0 : faults_function(at);
        uint64_t step = limit && calls[f] > limit ? calls[f] / limit : 1;
        chosen[at] = only_at ? at == only_at : seen[f] % step == step / 2 || (!p->slow && (seen[f] == 0 || seen[f] + 1 == calls[f]));
        seen[f]++;
    }
    return chosen;
}

static void run_part(const part *p) {
    unsigned refused_before = refused, went_before = went_on, points_before = points;
    int wrong_before = wrong;
    if (!open_for(p))
        exit(77);
    double began = oc__clock_seconds();
    uint64_t total = count_points(p);
    double seconds = (oc__clock_seconds() - began) / (p->cold ? 1 : 2);
    uint8_t *chosen = choose_points(p, total, seconds);
    faults_counts baseline = faults_get();
    for (uint64_t at = 1; chosen && at <= total; at++) {
        if (!chosen[at])
            continue;
        if (p->cold) {
            close_all(p, at);
            if (!open_for(p))
                exit(1);
        }
        run_point(p, at);
        faults_counts now = faults_get();
        if (!p->cold && (now.bytes != baseline.bytes || memcmp(baseline.live, now.live, sizeof(now.live)))) { /* kept, or lost? */
            close_all(p, at);
            if (!open_for(p) || !count_points(p))
                exit(1);
            baseline = faults_get();
        }
    }
    close_all(p, total);
    free(chosen);
    printf("%-28s %5llu points, %4u made to fail: %4u refused, %4u went on; %d wrong; %.0f s\n", p->name, (unsigned long long)total,
           points - points_before, refused - refused_before, went_on - went_before, wrong - wrong_before, oc__clock_seconds() - began);
    fflush(stdout);
}

static void print_function(const char *name, uint64_t calls, uint64_t failed) {
    if (calls)
        printf("  %-36s %9llu calls, %6llu failed\n", name, (unsigned long long)calls, (unsigned long long)failed);
}

static void clean_up(void) {
    char cache[300];
    snprintf(cache, sizeof(cache), "%s/cache", here.folder);
    remove_files(cache);
    rmdir(cache);
    remove_files(here.folder);
    rmdir(here.folder);
}

static bool is_wanted(const part *p, const char *only) {
    if (p->several != several || (cold && !p->slow) || (warm && p->slow))
        return false;
    return only ? !strcmp(only, p->name) : p->slow <= (full ? LEFT_OUT : quick ? QUICK : SAMPLED);
}

static const char *read_options(int argc, char **argv) {
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--full"))
            full = true;
        else if (!strcmp(argv[i], "--quick"))
            quick = true;
        else if (!strcmp(argv[i], "--several"))
            several = true;
        else if (!strcmp(argv[i], "--cold"))
            cold = true;
        else if (!strcmp(argv[i], "--warm"))
            warm = true;
        else if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
            budget = strtod(argv[++i], NULL);
        else if (!strcmp(argv[i], "--most") && i + 1 < argc)
            most = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--only") && i + 1 < argc)
            only = argv[++i];
        else if (!strcmp(argv[i], "--at") && i + 1 < argc)
            only_at = strtoull(argv[++i], NULL, 10);
    }
    most = quick ? 1 : most;
    budget = budget > 0 ? budget : several ? 60 : 300;
    return only;
}

int main(int argc, char **argv) {
    const char *only = read_options(argc, argv);
    int done = 0, failed = 0;
    if (several)
        setenv("POCL_DEVICES", "basic basic", 1);
    oc_error err = {0};
    snprintf(here.folder, sizeof(here.folder), "/tmp/ocelli-faults-XXXXXX");
    if (!mkdtemp(here.folder))
        return 1;
    atexit(clean_up);
    snprintf(here.model, sizeof(here.model), "%s/model.onnx", here.folder);
    if (!open_context() || !open_device(false)) {
        printf("0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    if (work_write_model(&here, &err) != OC_OK)
        complain(&parts[0], 0, "no model", err.text);
    close_all(&parts[0], 0);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        int before = wrong;
        if (!is_wanted(&parts[i], only))
            continue;
        run_part(&parts[i]);
        done++;
        failed += wrong != before;
    }
    faults_each(print_function);
    faults_counts counts = faults_get();
    printf("%llu OpenCL calls failed (%llu of them for device memory), %llu host allocations failed; %d leaks\n",
           (unsigned long long)counts.failed, (unsigned long long)counts.failed_buffers, (unsigned long long)counts.failed_allocations, leaks);
    printf("%d passed, %d failed, 0 skipped\n", done - failed, failed);
    return failed > 0;
}
