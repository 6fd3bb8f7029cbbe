/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli plan --why and --dot. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "planner.h"

/* What the whole would take if one group were somewhere else. */
static double elsewhere(const oc_placement *placement, size_t group, size_t device) {
    oc_placement other = *placement;
    other.device_of = malloc((placement->group_count + 1) * sizeof(*other.device_of));
    if (other.device_of == NULL)
        return NAN;
    memcpy(other.device_of, placement->device_of, placement->group_count * sizeof(*other.device_of));
    other.device_of[group] = (int32_t)device;
    double seconds = oc_placement_predict(&other, NULL, NULL);
    free(other.device_of);
    return seconds;
}

int print_why(const planner *p, const char *node) {
    const oc_placement *placement = oc_plan_get_placement(p->plan);
    int64_t group = oc_plan_find_group(p->plan, node);
    if (group < 0)
        return app_say("no node is named '%s'; `ocelli info MODEL` lists them (fused ones go by the first's name)", node);
    if (oc_plan_get_share(p->plan, 0) >= 0)
        return app_say("the batch is split: every device computes every node");
    if (p->app.json) {
        json_open('{');
        json_key("group");
        json_text(placement->names[group]);
        json_key("device");
        json_integer(placement->device_of[group]);
        json_key("alternatives");
        json_open('[');
    } else {
        printf("%s is in the group of %s, on device %d\n", node, placement->names[group], placement->device_of[group]);
    }
    for (size_t d = 0; d < placement->device_count; d++) {
        double own = placement->seconds[(size_t)group * placement->device_count + d], all = elsewhere(placement, (size_t)group, d);
        bool here = (size_t)placement->device_of[group] == d;
        if (!p->app.json) {
            if (isinf(own))
                printf("no   %zu %s: cannot compute it\n", d, oc_plan_get_device_name(p->plan, d));
            else
                printf("%s %zu %s: %.4f ms itself, the whole then %.4f ms\n", here ? "yes " : "no  ", d, oc_plan_get_device_name(p->plan, d),
                       1e3 * own, 1e3 * all);
            continue;
        }
        json_open('{');
        json_key("device");
        json_integer((int64_t)d);
        json_key("ms");
        json_number(1e3 * own);
        json_key("whole_ms");
        json_number(1e3 * all);
        json_close();
    }
    if (p->app.json) {
        json_close();
        json_close();
    }
    return EXIT_DONE;
}

static void put_name(const char *text) {
    for (; *text != 0; text++)
        if (*text != '"' && *text != '\\' && (unsigned char)*text >= ' ')
            putchar(*text);
}

void print_dot(const planner *p) {
    static const char *const colors[] = {"#c8d4f5", "#fbe6b0", "#c5ead0", "#ffd1c9", "#d3efe8", "#e3ccfb"};
    const oc_placement *placement = oc_plan_get_placement(p->plan);
    printf("digraph plan {\n  node [shape=box, style=filled];\n");
    for (size_t g = 0; g < placement->group_count; g++) {
        int32_t device = placement->device_of[g];
        printf("  g%zu [label=\"", g);
        put_name(placement->names[g]);
        printf("\\n%.4f ms on %d\", fillcolor=\"%s\"];\n", 1e3 * placement->seconds[g * placement->device_count + (size_t)device], device,
               colors[device % 6]);
    }
    for (size_t e = 0; e < placement->edge_count; e++) {
        const oc_placement_edge *edge = &placement->edges[e];
        bool crosses = placement->device_of[edge->from] != placement->device_of[edge->to];
        printf("  g%d -> g%d [label=\"%.0f KiB\"%s];\n", edge->from, edge->to, (double)edge->bytes / 1024, crosses ? ", color=red, penwidth=2" : "");
    }
    printf("}\n");
}
