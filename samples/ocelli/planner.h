/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ocelli plan. */
#ifndef PLANNER_H
#define PLANNER_H

#include "app.h"
#include "session.h"

/* Something that a device does from one time to another. */
typedef struct span {
    const char *name;
    size_t device;
    double start, seconds;
} span;

typedef struct planner {
    app app;
    arg_list dims;
    const char *machine, *why, *svg, *trace;
    bool measure, dot, rebalance;
    oc_plan *plan;     /* what is shown: a forecast, or what was run */
    oc_plan *forecast; /* what was only placed */
    session session;   /* --measure */
    bool measured;
    double median;     /* seconds of a run */
    span *spans;
    size_t span_count;
} planner;

/* gantt.c: EXIT_DONE, or EXIT_FAILED after a sentence. */
int gantt_svg(const planner *p, const char *path);
int gantt_trace(const planner *p, const char *path);
/* dot.c: groups and what goes between them, in Graphviz' language, to stdout. */
void print_dot(const planner *p);
/* why.c: what a node's group costs where, and what the whole would take if it were there. */
int print_why(const planner *p, const char *node);
/* measure.c: runs the plan; --rebalance: shares by what was seen, once more. */
int measure_plan(planner *p, const oc_graph *graph, oc_plan_params *params);

#endif
