/* SPDX-License-Identifier: Apache-2.0 */
#include "op/tile.h"

double oc__tile_cycles(int kv, int t, int64_t apart) {
    double adds = kv * t / 2.0;
    bool shared = apart % 16 == 0; /* loads from one part of different lines get into each other's way */
    if (kv == 1)
        return OC_MAX(adds / (shared ? 0.76 : 0.83), 4.5) + 0.5;
    double cycles = OC_MAX(adds / 0.92, shared ? t + 2.0 : (t + kv) * 0.7);
    return OC_MAX(cycles, 4.5) + (kv == 4 ? 1 : 0.5);
}

void oc__tile_choose(int64_t k, int64_t groups, int64_t others, int64_t apart, int *kv, int *t) {
    static const int most[] = {0, 28, 14, 9, 6};
    double least = 0;
    int64_t kg = k / groups;
    for (int v = 4; v > 0; v--) {
        int64_t blocks = (kg + v * 16 - 1) / (v * 16);
        if (groups > 1 && kg % (v * 16))
            continue;
        for (int i = most[v]; i > 0; i--) {
            double cost = (double)(blocks * ((others + i - 1) / i)) * oc__tile_cycles(v, i, apart);
            if (least > 0 && cost > least * 0.995)
                continue;
            least = cost;
            *kv = v;
            *t = i;
        }
    }
}

double oc__tile_seconds(const oc__problem *p, const oc__caps *caps, double cycles, double work_items) {
    double units = OC_MAX(caps->compute_units, 1u), rounds = work_items / units;
    double uneven = rounds < 1 ? 1 / OC_MAX(rounds, 1 / units) : (double)(int64_t)(rounds + 0.999) / rounds;
    double adds = cycles * 64 / caps->peak_flops * uneven, bytes = oc__problem_cost(p).bytes / (caps->peak_bytes * 0.8);
    return caps->launch_seconds + work_items * caps->group_seconds / units + OC_MAX(adds, bytes);
}
