/* SPDX-License-Identifier: Apache-2.0 */
// The C++ classes against the C functions: the same numbers to the bit, the same sentences; objects in any order of destruction.
#include <cstring>
#include <iostream>
#include <ocelli/ocelli.hpp>
#include <optional>
#include <unistd.h>

static int passed, failed;

static void expect(bool right, const std::string &what) {
    (right ? passed : failed)++;
    if (!right)
        std::cout << "failed: " << what << "\n";
}

static std::string temp(const char *name) { return "/tmp/ocelli-wrapper-" + std::to_string(getpid()) + name; }

static std::vector<float> ramp(size_t count) {
    std::vector<float> numbers(count);
    for (size_t i = 0; i < count; i++)
        numbers[i] = static_cast<float>((i * 37 + 11) % 101) / 101 - 0.3f;
    return numbers;
}

static void check_c(oc_status status, const oc_error &err) {
    if (status != OC_OK)
        throw ocelli::error(err);
}

/* What the C functions make of a model: written from LeNet-5, read, run. */
static std::vector<float> run_by_c(oc_context *context, oc_device *device, const std::string &path, std::vector<float> x) {
    oc_error err = {};
    oc_graph *graph = nullptr;
    oc_plan *plan = nullptr;
    oc_exec *exec = nullptr;
    oc_dim_binding dim = {"N", 3};
    oc_plan_params params = {};
    params.dims = &dim;
    params.dim_count = 1;
    check_c(oc_onnx_read(&graph, context, path.c_str(), &err), err);
    check_c(oc_plan_create(&plan, graph, &device, 1, &params, &err), err);
    check_c(oc_exec_create(&exec, plan, nullptr, &err), err);
    std::vector<float> y(30);
    oc_shape in_shape = {4, {3, 1, 28, 28}}, out_shape = {2, {3, 10}};
    oc_binding in = {"x", nullptr}, out = {"y", nullptr};
    check_c(oc_tensor_wrap(&in.tensor, context, OC_F32, &in_shape, x.data(), &err), err);
    check_c(oc_tensor_wrap(&out.tensor, context, OC_F32, &out_shape, y.data(), &err), err);
    check_c(oc_exec_run(exec, &in, 1, &out, 1, &err), err);
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    return y;
}

static void write_model(const ocelli::device &device, const ocelli::context &context, const std::string &path) {
    ocelli::graph g(context);
    ocelli::value x = g.input("x", OC_F32, {g.symbol("N"), 1, 28, 28});
    g.output("y", g.add(oc_net_lenet5, x));
    ocelli::state weights(device, g, 11);
    g.write_onnx(path, &weights);
}

static void test_model(const ocelli::context &context, const ocelli::device &device) {
    std::string path = temp(".onnx");
    write_model(device, context, path);
    std::vector<float> x = ramp(3 * 28 * 28), expected = run_by_c(context, device, path, x);
    ocelli::graph model = ocelli::graph::read_onnx(context, path);
    unlink(path.c_str());
    expect(model.inputs().size() == 1 && std::string(model.inputs()[0].name) == "x", "the model's inputs");
    expect(model.outputs().size() == 1 && model.states().size() == 10, "the model's outputs and states");
    expect(model.text().find("conv2d") != std::string::npos, "the graph as text");

    ocelli::plan plan(model, device, {{{"N", 3}}});
    expect(plan.outputs().size() == 1 && ocelli::shape(plan.outputs()[0].shape) == ocelli::shape{3, 10}, "the plan's output");
    expect(plan.info().step_count > 0 && plan.text(true).find("conv2d") != std::string::npos, "the plan as text");
    ocelli::exec exec(plan);
    ocelli::tensor in = ocelli::tensor::wrap(context, x, {3, 1, 28, 28});
    std::vector<float> y = exec.run({{"x", in}}).at("y").read<float>();
    expect(y == expected, "the same numbers as by C");

    ocelli::tensor on_device(device, OC_F32, {3, 10});
    ocelli::event done = exec.enqueue({{"x", in}}, {{"y", on_device}});
    done.wait();
    exec.wait();
    expect(on_device.read<float>() == expected, "the same numbers, enqueued, on the device");
    ocelli::tensor row = on_device.view(10, {10});
    expect(row.read<float>() == std::vector<float>(expected.begin() + 10, expected.begin() + 20), "a view of the second row");
    ocelli::tensor copied(context, OC_F32, {3, 10});
    copied.copy(on_device);
    expect(copied.read<float>() == expected, "copied to the host");
}

static oc_optimizer momentum() {
    oc_optimizer sgd = {};
    sgd.lr = 0.1f;
    sgd.momentum = 0.9f;
    return sgd;
}

/* Losses of five steps of a perceptron, by the C functions alone. */
static std::vector<float> train_by_c(oc_context *context, oc_device *device, std::vector<float> x, std::vector<int64_t> labels) {
    oc_error err = {};
    oc_graph *graph = nullptr;
    oc_plan *plan = nullptr;
    oc_state *state = nullptr;
    oc_exec *exec = nullptr;
    oc_optimizer sgd = momentum();
    const int64_t sizes[] = {6, 9, 4};
    oc_shape x_shape = {2, {5, 6}}, label_shape = {1, {5}}, hyper_shape = {1, {OC_HYPER_COUNT}}, scalar = {0, {0}};
    check_c(oc_graph_create(&graph, context, &err), err);
    oc_value *input = oc_graph_input(graph, "x", OC_F32, &x_shape, &err);
    oc_value *label = oc_graph_input(graph, "labels", OC_I64, &label_shape, &err);
    oc_value *loss = oc_softmax_cross_entropy(graph, oc_net_mlp(graph, input, sizes, 3, &err), label, &err);
    loss = oc_reduce_mean(graph, loss, nullptr, &err);
    check_c(oc_graph_output(graph, "loss", loss, &err), err);
    check_c(oc_minimize(graph, loss, &sgd, nullptr, &err), err);
    check_c(oc_plan_create(&plan, graph, &device, 1, nullptr, &err), err);
    check_c(oc_state_create(&state, device, graph, 5, &err), err);
    check_c(oc_exec_create(&exec, plan, state, &err), err);
    float hyper[OC_HYPER_COUNT], number = 0;
    oc_binding in[] = {{"x", nullptr}, {"labels", nullptr}, {OC_HYPER_NAME, nullptr}}, out = {"loss", nullptr};
    check_c(oc_tensor_wrap(&in[0].tensor, context, OC_F32, &x_shape, x.data(), &err), err);
    check_c(oc_tensor_wrap(&in[1].tensor, context, OC_I64, &label_shape, labels.data(), &err), err);
    check_c(oc_tensor_wrap(&in[2].tensor, context, OC_F32, &hyper_shape, hyper, &err), err);
    check_c(oc_tensor_wrap(&out.tensor, context, OC_F32, &scalar, &number, &err), err);
    std::vector<float> losses;
    for (int64_t step = 1; step <= 5; step++) {
        oc_optimizer_hyper(&sgd, step, hyper);
        check_c(oc_exec_run(exec, in, 3, &out, 1, &err), err);
        losses.push_back(number);
    }
    for (oc_binding &one : in)
        oc_tensor_destroy(&one.tensor);
    oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&exec);
    oc_state_destroy(&state);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    return losses;
}

static ocelli::value perceptron(ocelli::graph &g, ocelli::value x) {
    const int64_t sizes[] = {6, 9, 4};
    return g.add(oc_net_mlp, x, sizes, 3);
}

static void test_training(const ocelli::context &context, const ocelli::device &device) {
    std::vector<float> x = ramp(30);
    std::vector<int64_t> labels = {0, 3, 1, 2, 3};
    std::vector<float> expected = train_by_c(context, device, x, labels), losses;
    ocelli::graph g(context);
    ocelli::value input = g.input("x", OC_F32, {5, 6}), label = g.input("labels", OC_I64, {5});
    ocelli::value loss = g.add(oc_reduce_mean, g.add(oc_softmax_cross_entropy, perceptron(g, input), label), nullptr);
    g.output("loss", loss);
    g.minimize(loss, momentum());
    ocelli::state state(device, g, 5);
    ocelli::exec exec(ocelli::plan(g, device), state); // the plan lives on in the exec
    ocelli::tensor in = ocelli::tensor::wrap(context, x, {5, 6}), wanted = ocelli::tensor::wrap(context, labels, {5});
    for (int64_t step = 1; step <= 5; step++)
        losses.push_back(exec.train({{"x", in}, {"labels", wanted}}, momentum(), step).at("loss").read<float>()[0]);
    expect(losses == expected && losses[4] < losses[0], "five steps give the same losses as by C");

    std::string path = temp(".state");
    state.save(path, "a note");
    std::vector<float> bias = state.read<float>("fc1.bias");
    uint64_t version = state.version();
    state.write("fc1.bias", std::vector<float>(9, 1.5f));
    expect(state.read<float>("fc1.bias")[8] == 1.5f && state.version() > version, "a state is written");
    expect(exec.state().read<float>("fc1.bias")[0] == 1.5f, "the exec's state is that state");
    expect(state.restore(path) == "a note" && state.read<float>("fc1.bias") == bias, "a state is restored");
    unlink(path.c_str());
}

static void test_gradients(const ocelli::context &context, const ocelli::device &device) {
    ocelli::graph g(context);
    std::vector<float> weights = {1, 2, 3};
    ocelli::value x = g.input("x", OC_F32, {3}), w = g.constant(weights, {3}), s = g.state("s", weights, {3}, true);
    ocelli::value y = g.add(oc_mul, g.add(oc_mul, x, x), w).name("y");
    g.output("dx", g.gradients(y, {x})[0]);
    g.update(s, g.add(oc_add, s, g.scalar(OC_F32, 0.5)));
    ocelli::exec exec{ocelli::plan(g, device)};
    std::vector<float> numbers = {1, -2, 4};
    ocelli::tensor in = ocelli::tensor::wrap(context, numbers, {3});
    expect(exec.run({{"x", in}}).at("dx").read<float>() == std::vector<float>({2, -8, 24}), "gradients");
    expect(exec.state().read<float>("s") == std::vector<float>({1.5f, 2.5f, 3.5f}), "an update");
    expect(g.freeze("*") == 1 && g.find("x") == x && !g.find("nobody"), "freezing and finding");
}

static void test_trainer(const ocelli::context &context, const ocelli::device &device) {
    std::vector<float> x = ramp(20 * 6);
    std::vector<uint8_t> labels(20);
    for (size_t i = 0; i < labels.size(); i++)
        labels[i] = static_cast<uint8_t>(i % 4);
    ocelli::tensor images = ocelli::tensor::wrap(context, x, {20, 6}), classes = ocelli::tensor::wrap(context, labels, {20});
    std::optional<ocelli::graph> network(context);
    network->output("logits", perceptron(*network, network->input("x", OC_F32, {network->symbol("N"), 6})));
    oc_trainer_params params = {};
    params.optimizer = momentum();
    params.batch = 5;
    params.seed = 3;
    ocelli::trainer trainer(device, *network, params), twin(device, *network, params);
    network.reset();
    int64_t calls = 0;
    oc_train_report report = trainer.epoch(images, classes, 0, [&](int64_t, int64_t of, double) { return ++calls <= of; });
    expect(calls == 4 && report.step == 4 && report.samples == 20, "an epoch of four steps");
    std::string thrown;
    try {
        trainer.epoch(images, classes, 0, [](int64_t, int64_t, double) -> bool { throw std::runtime_error("stop"); });
    } catch (const std::runtime_error &e) {
        thrown = e.what();
    }
    expect(thrown == "stop", "what the caller throws comes back");
    expect(trainer.step(images, classes) > 0 && trainer.evaluate(images, classes).samples == 20, "a step and an evaluation");
    expect(trainer.gradient<float>("fc1.weight").size() == 54, "the gradient of a parameter");
    std::string path = temp(".training");
    trainer.save(path);
    twin.resume(path);
    unlink(path.c_str());
    expect(twin.step(images, classes) == trainer.step(images, classes), "a resumed trainer goes on to the bit");
    ocelli::state state = twin.state();
    twin.reset(); // the state keeps it
    expect(state.read<float>("fc1.bias") == trainer.state().read<float>("fc1.bias"), "a trainer's state");
}

static void test_errors(const ocelli::context &context, const ocelli::device &device) {
    oc_error err = {};
    oc_device *none = nullptr;
    oc_status status = oc_device_create(&none, context, "no such device", &err);
    std::string text;
    oc_status thrown = OC_OK;
    try {
        ocelli::device wrong(context, "no such device");
    } catch (const ocelli::error &e) {
        text = e.what();
        thrown = e.status();
    }
    expect(status == thrown && text == err.text && !text.empty(), "an exception has the status and sentence of C");
    oc_error reason = {};
    status = ocelli::attempt([&] { ocelli::graph::read_onnx(context, "/nowhere.onnx"); }, &reason);
    expect(status == OC_ERROR_IO && std::strstr(reason.text, "nowhere"), "a status instead of an exception");
    ocelli::graph g(context);
    ocelli::value a = g.input("a", OC_F32, {2, 3}), b = g.input("b", OC_F32, {4, 5});
    expect(ocelli::attempt([&] { g.add(oc_matmul, a, b, nullptr); }, &reason) == OC_ERROR_SHAPE && *reason.text, "a wrong node");
    std::vector<float> three(3);
    expect(ocelli::attempt([&] { ocelli::tensor::wrap(context, three, {2}); }) == OC_ERROR_SHAPE, "elements that are no shape's");
    ocelli::tensor t(context, OC_F32, {3});
    expect(ocelli::attempt([&] { t.read<int32_t>(); }) == OC_ERROR_INVALID, "elements of another type");
    expect(ocelli::attempt([&] { ocelli::shape({1, 2, 3, 4, 5, 6, 7, 8, 9}); }) == OC_ERROR_LIMIT, "too many axes");
    expect(ocelli::attempt([] { throw std::bad_alloc(); }, &reason) == OC_ERROR_MEMORY && *reason.text, "memory");
    expect(ocelli::attempt([] { throw std::runtime_error("own"); }, &reason) == OC_ERROR_INTERNAL, "another exception");
    ocelli::plan plan;
    oc_device *raw = device;
    status = oc_plan_create(plan.out(), g, &raw, 1, nullptr, &err); // the graph kept its error
    expect(status != OC_OK && !plan, "a C function that fails leaves a handle empty");
}

/* Everything is let go in the wrong order; ASan looks on. */
static void test_lifetimes() {
    std::optional<ocelli::context> context(std::in_place);
    std::optional<ocelli::device> device(std::in_place, *context);
    std::optional<ocelli::graph> g(*context);
    g->output("y", g->add(oc_relu, g->input("x", OC_F32, {4})));
    std::optional<ocelli::plan> plan(std::in_place, *g, *device);
    std::optional<ocelli::state> state(std::in_place, *device, *g, 1);
    ocelli::exec exec(*plan, *state);
    ocelli::tensor in(*device, OC_F32, {4}), part = in.view(1, {2});
    in.write(std::vector<float>{-1, 2, -3, 4});
    context.reset();
    device.reset();
    g.reset();
    plan.reset();
    state.reset();
    ocelli::exec moved = std::move(exec);
    expect(!exec && moved, "an exec is moved");
    expect(moved.run({{"x", in}}).at("y").read<float>() == std::vector<float>({0, 2, 0, 4}), "all others are gone, and it runs");
    in.reset();
    expect(part.read<float>() == std::vector<float>({2, -3}), "a view of a tensor that is gone");
}

struct scale_params {
    float factor;
};

static ocelli::custom_params scaled(const std::string &name) {
    ocelli::custom_params params;
    params.name = name;
    params.kernels = {{"scaled",
                       "__kernel void scaled(__global const float *x, long x_at, __global float *y, long y_at, long items,\n"
                       "                     float factor) {\n"
                       "    long i = get_global_id(0);\n"
                       "    if (i < items)\n"
                       "        y[y_at + i] = MORE * factor * x[x_at + i];\n"
                       "}\n"}};
    params.kernels[0].launch = [](oc_custom_launch &launch, const oc_custom_problem &problem, const oc_custom_device &) {
        if (static_cast<const scale_params *>(problem.params)->factor > 100)
            ocelli::detail::fail(OC_ERROR_UNSUPPORTED, "too much");
        launch.defines[0] = {"MORE", 2};
    };
    params.params_size = sizeof(scale_params);
    params.fields = {OC_CUSTOM_FIELD(OC_F32, scale_params, factor)};
    params.batched = true;
    params.host = [](const oc_custom_problem &problem, const double *const *in, double *const *out) {
        for (int64_t i = 0; i < oc_shape_count(&problem.in[0].shape); i++)
            out[0][i] = 2 * static_cast<const scale_params *>(problem.params)->factor * in[0][i];
    };
    params.shapes = [](oc_custom_shapes &shapes) {
        if (shapes.in[0].shape.rank != 2)
            throw std::invalid_argument("a matrix is wanted");
        shapes.out[0] = shapes.in[0];
    };
    params.gradient = [](ocelli::custom_gradient &g) {
        ocelli::value factor = g.add(oc_graph_scalar, OC_F32, 2.0 * g.params<scale_params>().factor);
        g.set(0, g.add(oc_mul, g.diff_out(), factor));
    };
    return params;
}

static void test_custom(const ocelli::context &context, const ocelli::device &device) {
    oc_error reason = {};
    ocelli::custom_op op(context, scaled("cpp.scaled"));
    ocelli::graph g(context);
    ocelli::value x = g.input("x", OC_F32, {2, 2}), w = g.state("w", std::vector<float>{1, 2, 3, 4}, {2, 2});
    ocelli::value y = op.add(g, scale_params{1.5f}, {g.add(oc_matmul, x, w, nullptr)});
    g.output("y", y);
    g.output("g", g.gradients(y, {x})[0]);
    size_t wrong = 9;
    expect(oc_gradcheck(device, g, nullptr, nullptr, nullptr, &wrong, &reason) == OC_OK && wrong == 0, "gradients of an own op");
    auto again = [&] { ocelli::custom_op twin(context, scaled("cpp.scaled")); };
    expect(ocelli::attempt(again, &reason) == OC_ERROR_INVALID, "a name taken");
    ocelli::custom_op far(context, scaled("cpp.far"));
    ocelli::graph bad(context), huge(context);
    expect(ocelli::attempt([&] { far.add(bad, {bad.input("x", OC_F32, {4})}); }, &reason) != OC_OK &&
               std::string(reason.text).find("cpp.far: a matrix is wanted") == 0, "an exception of a shape rule");
    huge.output("y", far.add(huge, scale_params{101}, {huge.input("x", OC_F32, {2, 2})}));
    expect(ocelli::attempt([&] { ocelli::plan none(huge, device); }, &reason) == OC_ERROR_UNSUPPORTED &&
               std::string(reason.text).find("too much") != std::string::npos, "an exception of a launch");
    op.reset();
    ocelli::exec exec(ocelli::plan(g, device));
    std::vector<float> identity = {1, 0, 0, 1};
    auto out = exec.run({{"x", ocelli::tensor::wrap(context, identity, {2, 2})}});
    expect(out.at("y").read<float>() == std::vector<float>({3, 6, 9, 12}), "an own op that is gone runs");
    expect(out.at("g").read<float>() == std::vector<float>({9, 21, 9, 21}), "its gradient");
}

static void test_memory(const ocelli::context &context, const ocelli::device &device) {
    ocelli::graph g(context);
    g.output("y", g.add(oc_relu, g.input("x", OC_F32, {2, 2})));
    ocelli::exec exec(ocelli::plan(g, device));
    ocelli::tensor x = exec.memory("x"), y = exec.memory("y");
    auto in = x.map<float>();
    expect(in.size() == 4, "as many elements as there are");
    for (size_t i = 0; i < in.size(); i++)
        in[i] = static_cast<float>(i) - 1;
    x.unmap();
    exec.run({}, {});
    auto out = y.map<float>();
    expect(out[0] == 0 && out[3] == 2, "a run in the exec's own memory");
    y.unmap();
    exec.reset();
    expect(y.read<float>()[3] == 2, "which lives as long as its tensors");
}

static void run_all() {
    static_assert(!std::is_copy_constructible_v<ocelli::tensor> && std::is_nothrow_move_constructible_v<ocelli::exec>);
    ocelli::context context;
    expect(!context.devices().empty() && ocelli::version() == oc_version_text(), "devices and version");
    ocelli::device device(context);
    expect(ocelli::device::list(context, std::string(device.info().id)).size() == 1, "a list of devices");
    test_model(context, device);
    test_training(context, device);
    test_gradients(context, device);
    test_trainer(context, device);
    test_errors(context, device);
    test_custom(context, device);
    test_memory(context, device);
    test_lifetimes();
}

int main() {
    try {
        run_all();
    } catch (const std::exception &e) {
        expect(false, std::string("thrown: ") + e.what());
    }
    std::cout << passed << " passed, " << failed << " failed, 0 skipped\n";
    return failed ? 1 : 0;
}
