/* SPDX-License-Identifier: Apache-2.0 */
/* heft against the optimum and the bound on the random graphs of docs/placement.md, and its time on large ones. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "kit/dag.h"

static const double ratios[] = {0.1, 1, 10};

typedef struct tally {
    double sum, most, seconds;
    int count, above_single;
} tally;

static void judge(tally *t, size_t groups, size_t devices, double ratio, uint64_t seed, bool optimum) {
    const oc_policy *heft = oc_policy_find("heft"), *single = oc_policy_find("single");
    kit_dag dag;
    kit_dag_init(&dag, groups, devices, ratio, seed);
    double start = oc__clock_seconds();
    if (heft->place(heft, &dag.placement, NULL) != OC_OK)
        exit(1);
    t->seconds += oc__clock_seconds() - start;
    double got = oc_placement_predict(&dag.placement, NULL, NULL);
    double least = optimum ? kit_dag_optimum(&dag.placement) : oc_placement_bound(&dag.placement);
    if (single->place(single, &dag.placement, NULL) != OC_OK)
        exit(1);
    t->above_single += got > oc_placement_predict(&dag.placement, NULL, NULL) * (1 + 1e-9);
    t->sum += got / least;
    t->most = fmax(t->most, got / least);
    t->count++;
    kit_dag_finish(&dag);
}

static void report(const char *what, double ratio, const tally *t) {
    printf("| %s | %g | %d | %.4f | %.4f | %.2f | %d |\n", what, ratio, t->count, t->sum / t->count, t->most, 1e3 * t->seconds / t->count,
           t->above_single);
}

int main(void) {
    printf("| random graphs | communication / computation | graphs | mean | worst | ms each | above single |\n|---|---|---|---|---|---|---|\n");
    for (int r = 0; r < 3; r++) {
        tally t = {0};
        for (uint64_t seed = 0; seed < 500; seed++)
            judge(&t, 3 + seed % 7, 2 + seed % 3, ratios[r], seed, true);
        report("3-9 groups, to the optimum", ratios[r], &t);
    }
    for (size_t groups = 50; groups <= 500; groups *= 10)
        for (int r = 0; r < 3; r++) {
            char what[60];
            tally t = {0};
            for (uint64_t seed = 0; seed < 30; seed++)
                judge(&t, groups, 2 + seed % 3, ratios[r], seed, false);
            snprintf(what, sizeof(what), "%zu groups, to the bound", groups);
            report(what, ratios[r], &t);
        }
    for (size_t groups = 1000; groups <= 100000; groups *= 10) {
        char what[60];
        tally t = {0};
        judge(&t, groups, 8, 0.1, 1, false);
        snprintf(what, sizeof(what), "%zu groups on 8 devices, to the bound", groups);
        report(what, 0.1, &t);
    }
    return 0;
}
