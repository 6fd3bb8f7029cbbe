/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text: what each step computes, how, where, and why so. */
#include "plan/parts.h"

static void print_place(const oc_plan *plan, const oc_writer *writer, int32_t slot) {
    if (slot < 0) {
        oc__print(writer, "-");
        return;
    }
    const oc__slot *s = &plan->slots[slot];
    const char *homes[] = {"", "arena", "constants", "state", "derived"};
    oc__print(writer, "%s", homes[s->home]);
    if (s->home == OC_HOME_STATE)
        oc__print(writer, " %s", plan->states[plan->slots[oc__slot_root(plan, slot)].state].value->name);
    else
        oc__print(writer, "+%llu", (unsigned long long)s->place.offset);
}

static void print_task(const oc_plan *plan, const oc__task *task, size_t index, bool why, const oc_writer *writer) {
    oc__print(writer, "%4zu %s%s%s\n", index, task->derived ? "(derived) " : "", task->node && task->node->name ? task->node->name : "",
              task->node && task->node->name ? ":" : "");
    oc__print(writer, "     %s\n     by %s on %s, %zu step%s, about %.3g ms", task->text, task->chosen.solver->name,
              oc_device_get_info(plan->devices[task->device])->name, task->step_count, task->step_count == 1 ? "" : "s",
              task->seconds * 1e3);
    if (task->workspace)
        oc__print(writer, ", workspace %llu bytes", (unsigned long long)task->workspace);
    oc__print(writer, "\n     to ");
    for (int i = 0; i < task->problem.out_count && i < 4; i++) {
        oc__print(writer, i ? ", " : "");
        print_place(plan, writer, task->out[i]);
    }
    oc__print(writer, "\n");
    if (why && task->problem.op->custom && !task->problem.op->host)
        oc__print(writer, "       not checked: it has no definition on the host\n");
    for (int i = 0; why && i < task->all_count; i++) {
        const oc__candidate *c = &task->all[i];
        if (c->refused)
            oc__print(writer, "       not %s: %s\n", c->solver->name, c->why);
        else
            oc__print(writer, "       %s %s: %s %.3g ms\n", c->solver == task->chosen.solver ? "yes" : "no ", c->solver->name,
                      c->measured ? "measured" : "about", c->seconds * 1e3);
    }
}

static void print_parts(const oc_plan *plan, bool why, const oc_writer *writer) {
    const struct oc__parts *x = plan->parts;
    oc__print(writer, "policy %s: about %.3g ms (at least %.3g), %llu bytes from device to device, %zu parts\n", x->policy, x->predicted * 1e3,
              x->bound * 1e3, (unsigned long long)x->transfer_bytes, x->part_count);
    for (size_t i = 0; i < x->part_count; i++) {
        const oc__part *part = &x->parts[i];
        oc__print(writer, "part %zu on device %d (%s), about %.3g ms: ", i, part->device, x->machine.speeds[part->device].name,
                  part->seconds * 1e3);
        oc_plan_print(part->plan, why, writer);
    }
}

void oc_plan_print(const oc_plan *plan, bool why, const oc_writer *writer) {
    const oc_plan_info *info = &plan->info;
    if (plan->parts) {
        print_parts(plan, why, writer);
        return;
    }
    oc__print(writer, "%zu steps, %zu when the state has changed, %zu programs; arena %llu bytes (at least %llu), derived %llu, "
              "state %llu; about %.3g ms\n", info->step_count, info->derived_count, info->program_count,
              (unsigned long long)info->arena_bytes, (unsigned long long)info->liveness_bytes,
              (unsigned long long)info->derived_bytes, (unsigned long long)info->state_bytes, info->estimated_ms);
    for (size_t i = 0; i < plan->task_count; i++)
        print_task(plan, &plan->tasks[i], i, why, writer);
}
