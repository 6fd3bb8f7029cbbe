/* SPDX-License-Identifier: Apache-2.0 */
/* An own kernel as a solver. A solver's functions are not told which solver they are of: each number of a kernel has its own. */
#include <string.h>

#include "op/custom/custom.h"

#define GROUP 64

static const oc__custom_kernel *kernel_of(const oc__problem *problem, int number) {
    return &oc__custom_of(problem->op)->kernels[number];
}

int oc__custom_passes(const oc__custom_kernel *kernel) {
    return OC_MAX(kernel->given.passes, 1);
}

static bool has_arg(const oc__custom_kernel *kernel, oc__custom_arg_kind kind) {
    for (int i = 0; i < kernel->arg_count; i++)
        if (kernel->args[i].kind == kind)
            return true;
    return false;
}

static bool is_type_taken(const oc__custom_kernel *kernel, const oc__problem *problem, char why[OC_WHY]) {
    for (int i = 0; i < problem->op_in + problem->out_count; i++) {
        oc_dtype dtype = i < problem->op_in ? problem->in[i].dtype : problem->out[i - problem->op_in].dtype;
        if (dtype && !(kernel->types >> dtype & 1))
            return oc__refuse(why, "it takes %s, not %s", kernel->given.types ? kernel->given.types : "f32",
                              oc_dtype_name(dtype));
    }
    return true;
}

static bool fits_device(const oc_custom_launch *launch, const oc__caps *caps, char why[OC_WHY]) {
    uint64_t group = 1;
    for (int i = 0; i < 3; i++)
        if (!oc__mul_u64(group, OC_MAX(launch->group[i], (uint64_t)1), &group))
            group = UINT64_MAX;
    if (group > caps->max_work_group)
        return oc__refuse(why, "it needs groups of %llu work-items; the device allows %llu", (unsigned long long)group,
                          (unsigned long long)caps->max_work_group);
    if (launch->local_bytes > caps->local_mem)
        return oc__refuse(why, "it needs %llu bytes of local memory; the device has %llu",
                          (unsigned long long)launch->local_bytes, (unsigned long long)caps->local_mem);
    if (launch->workspace > caps->max_alloc)
        return oc__refuse(why, "it needs a workspace of %llu bytes; the device allows %llu",
                          (unsigned long long)launch->workspace, (unsigned long long)caps->max_alloc);
    return true;
}

static bool ask(const oc__custom_kernel *kernel, const oc__problem *problem, const oc__caps *caps, oc_custom_launch *launch,
                char why[OC_WHY]) {
    const oc_custom_device device = {caps->type,           caps->compute_units, caps->simt_width,
                                     caps->max_work_group, caps->local_mem,     caps->max_alloc,
                                     caps->fp64,           caps->peak_flops,    caps->peak_bytes};
    oc__custom_view view;
    oc_error said = {0};
    oc__custom_view_init(&view, problem);
    said.status = kernel->given.launch(launch, &view.problem, &device, &said);
    if (said.status != OC_OK)
        return oc__refuse(why, "%.180s", said.text[0] ? said.text : "its launch function does not say why");
    return launch->kernel != NULL;
}

/* How a pass is launched; else why not. */
static bool plan(const oc__custom_kernel *kernel, const oc__problem *problem, const oc__caps *caps, int pass,
                 oc_custom_launch *out, char why[OC_WHY]) {
    *out = (oc_custom_launch){
        .pass = pass, .kernel = kernel->given.name, .items = {(uint64_t)oc__count(&problem->out[0].shape), 1, 1}};
    if (kernel->given.launch && !ask(kernel, problem, caps, out, why))
        return false;
    if (has_arg(kernel, OC_CUSTOM_WORKSPACE))
        out->workspace = OC_MAX(out->workspace, (uint64_t)OC_SEGMENT);
    return fits_device(out, caps, why);
}

static bool applicable(int number, const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    const oc__custom_kernel *kernel = kernel_of(problem, number);
    oc_custom_launch launch;
    if (!oc__without_posts(problem, why) || !oc__types_fit(problem, caps, why) || !is_type_taken(kernel, problem, why))
        return false;
    for (int pass = 0; pass < oc__custom_passes(kernel); pass++)
        if (!plan(kernel, problem, caps, pass, &launch, why))
            return false;
    return true;
}

static uint64_t workspace(int number, const oc__problem *problem, const oc__caps *caps) {
    const oc__custom_kernel *kernel = kernel_of(problem, number);
    oc_custom_launch launch;
    uint64_t most = 0;
    char why[OC_WHY];
    for (int pass = 0; pass < oc__custom_passes(kernel) && plan(kernel, problem, caps, pass, &launch, why); pass++)
        most = OC_MAX(most, launch.workspace);
    return most;
}

static double estimate(int number, const oc__problem *problem, const oc__caps *caps) {
    const oc__custom_kernel *kernel = kernel_of(problem, number);
    double share = kernel->given.share > 0 ? kernel->given.share : 0.05, seconds = 0;
    oc_custom_launch launch;
    char why[OC_WHY];
    for (int pass = 0; pass < oc__custom_passes(kernel) && plan(kernel, problem, caps, pass, &launch, why); pass++)
        seconds += launch.seconds;
    return seconds > 0 ? seconds : oc__estimate_roofline(problem, caps, share, share);
}

static int dims_of(const oc_custom_launch *launch) {
    int dims = 3;
    while (dims > 1 && launch->items[dims - 1] == 1 && launch->group[dims - 1] <= 1)
        dims--;
    return dims;
}

/* Groups of the size asked for, else of about GROUP work-items, in equal parts along the axes. */
static void put_range(oc__step *step, const oc__caps *caps, const oc_custom_launch *launch) {
    static const uint64_t usual[3] = {GROUP, 8, 4};
    int dims = dims_of(launch);
    uint64_t local[3], global[3], all = 1, given = launch->group[0] | launch->group[1] | launch->group[2];
    for (int i = 0; i < dims; i++) {
        local[i] = given ? OC_MAX(launch->group[i], (uint64_t)1) : usual[dims - 1];
        all *= local[i];
    }
    for (int i = dims - 1; !given && all > caps->max_work_group; i = i ? i - 1 : dims - 1) {
        all /= local[i] > 1 ? 2 : 1;
        local[i] /= local[i] > 1 ? 2 : 1;
    }
    for (int i = 0; i < dims; i++)
        global[i] = (launch->items[i] + local[i] - 1) / local[i] * local[i];
    oc__step_range_local(step, dims, global, local);
}

static void define(const oc__problem *problem, const oc__custom_kernel *kernel, const oc_custom_launch *launch, oc__string *out) {
    for (int i = 0; i < problem->op_in; i++)
        if (problem->in[i].dtype)
            oc__string_printf(out, "#define IN%d %s\n", i, oc_dtype_name(problem->in[i].dtype));
    for (int i = 0; i < problem->out_count; i++)
        oc__string_printf(out, "#define OUT%d %s\n", i, oc_dtype_name(problem->out[i].dtype));
    for (int i = 0; i < OC_CUSTOM_NUMBERS; i++)
        if (launch->defines[i].name)
            oc__string_printf(out, "#define %s %lld\n", launch->defines[i].name, (long long)launch->defines[i].value);
    oc__string_append(out, strstr(kernel->given.source, "OC_") ? "#include \"custom.clh\"\n#line 1\n" : "#line 1\n");
}

static oc_status record_pass(const oc__recording *r, const oc__custom_kernel *kernel, int pass, oc_error *err) {
    oc_custom_launch launch;
    oc__string defines;
    char why[OC_WHY];
    if (!plan(kernel, r->problem, r->caps, pass, &launch, why))
        return oc__fail(r->context, err, OC_ERROR_UNSUPPORTED, "%s: %s", kernel->solver.name, why);
    if (!launch.items[0] || !launch.items[1] || !launch.items[2])
        return OC_OK;
    oc__string_init(&defines, r->context);
    define(r->problem, kernel, &launch, &defines);
    oc__step *step = oc__step_kernel(r->steps, kernel->solver.name, defines.text, launch.kernel);
    step->source = kernel->given.source;
    oc__custom_put_args(r, step, kernel, &launch);
    put_range(step, r->caps, &launch);
    return oc__record_end(r, &defines, err);
}

static oc_status record(int number, const oc__recording *recording, oc_error *err) {
    const oc__custom_kernel *kernel = kernel_of(recording->problem, number);
    for (int pass = 0; pass < oc__custom_passes(kernel); pass++)
        OC_TRY(record_pass(recording, kernel, pass, err));
    return OC_OK;
}

#define NUMBERED(n) \
    static bool applicable_##n(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) { \
        return applicable(n, problem, caps, why); \
    } \
    static uint64_t workspace_##n(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) { \
        (void)variant; \
        return workspace(n, problem, caps); \
    } \
    static double estimate_##n(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) { \
        (void)variant; \
        return estimate(n, problem, caps); \
    } \
    static oc_status record_##n(const oc__recording *recording, oc_error *err) { \
        return record(n, recording, err); \
    }
NUMBERED(0)
NUMBERED(1)
NUMBERED(2)
NUMBERED(3)
NUMBERED(4)
NUMBERED(5)
NUMBERED(6)
NUMBERED(7)
#define ROW(n) \
    { .applicable = applicable_##n, .workspace = workspace_##n, .estimate = estimate_##n, .record = record_##n }
static const oc__solver forms[OC_CUSTOM_KERNELS] = {ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7)};

void oc__custom_make_solvers(oc_custom *custom) {
    for (size_t i = 0; i < custom->given.kernel_count; i++) {
        oc__custom_kernel *kernel = &custom->kernels[i];
        const char *name = kernel->solver.name;
        kernel->solver = forms[i];
        kernel->solver.name = name;
        custom->solvers[i] = &kernel->solver;
    }
}
