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

#define WIDEST 4

int oc__tile_vectors(int64_t count, int64_t groups, int widest, bool three) {
    static const double cost[WIDEST + 1] = {0, 0.8, 0.589, 0.575, 0.575}; /* cycles of 16 x 1 sums in the longest tile */
    static const int order[] = {4, 2, 3, 1};
    int64_t each = count / groups;
    double least = 0;
    int best = 1;
    for (size_t i = 0; i < OC_COUNT(order); i++) {
        int kv = order[i];
        double all = (double)((each + kv * 16 - 1) / (kv * 16) * kv) * cost[kv];
        if (kv > widest || (kv == 3 && !three) || (groups > 1 && each % (kv * 16)) || (least > 0 && all > least * 0.98))
            continue;
        least = all;
        best = kv;
    }
    return best;
}

int oc__tile_length(int kv, int64_t others, int64_t apart, bool within) {
    static const int lengths[WIDEST + 1][8] = {
        {0}, {28, 19, 14, 7, 4, 2, 1}, {14, 12, 9, 7, 4, 2, 1}, {9, 7, 5, 3, 2, 1}, {6, 5, 4, 2, 1}};
    int best = lengths[kv][0];
    double least = 0;
    for (const int *t = lengths[kv]; *t; t++) {
        if (within && *t > others && *t > 1)
            continue;
        double cost = (double)((others + *t - 1) / *t) * oc__tile_cycles(kv, *t, apart);
        if (least > 0 && cost > least * (best == lengths[kv][0] ? 0.9 : 0.995)) /* the longest is used elsewhere too */
            continue;
        least = cost;
        best = *t;
    }
    return best;
}

int64_t oc__tile_shrink(int64_t count, int widest, bool three) {
    int kv = oc__tile_vectors(count, 1, widest, three);
    int64_t tail = count % (kv * 16), most = OC_MIN(count, 160);
    for (int64_t small = tail ? tail : kv * 16; small < most; small += kv * 16)
        if (oc__tile_vectors(small, 1, widest, three) == kv)
            return small;
    return OC_MIN(count, tail + kv * 16);
}

double oc__tile_seconds(const oc__problem *p, const oc__caps *caps, double cycles, double work_items) {
    double units = OC_MAX(caps->compute_units, 1u), rounds = work_items / units;
    double uneven = rounds < 1 ? 1 / OC_MAX(rounds, 1 / units) : (double)(int64_t)(rounds + 0.999) / rounds;
    double adds = cycles * 64 / caps->peak_flops * uneven, bytes = oc__problem_cost(p).bytes / (caps->peak_bytes * 0.8);
    return caps->launch_seconds + work_items * caps->group_seconds / units + OC_MAX(adds, bytes);
}
