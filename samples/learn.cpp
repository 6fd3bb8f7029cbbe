/* SPDX-License-Identifier: Apache-2.0 */
// The exclusive or, learned through the C++ classes; train_loop.c is the same in C.
#include <iostream>
#include <ocelli/ocelli.hpp>

static ocelli::value layer(ocelli::graph &g, ocelli::value x, const std::string &name, int64_t in, int64_t out) {
    oc_init init = {};
    init.kind = OC_INIT_XAVIER;
    ocelli::value w = g.state(name + ".weight", OC_F32, {in, out}, init), b = g.state(name + ".bias", OC_F32, {out});
    return g.add(oc_add, g.add(oc_matmul, x, w, nullptr), b);
}

static int learn() {
    ocelli::context context;
    ocelli::device device(context);
    std::cout << "Ocelli " << ocelli::version() << " on " << device.info().name << "\n";

    ocelli::graph g(context);
    ocelli::value x = g.input("x", OC_F32, {g.symbol("N"), 2}), labels = g.input("labels", OC_I64, {g.symbol("N")});
    ocelli::value logits = layer(g, g.add(oc_tanh, layer(g, x, "fc1", 2, 16)), "fc2", 16, 2);
    ocelli::value loss = g.add(oc_reduce_mean, g.add(oc_softmax_cross_entropy, logits, labels), nullptr);
    g.output("loss", loss);
    g.output("logits", logits);
    oc_optimizer adam = {};
    adam.kind = OC_ADAM;
    adam.lr = 0.05f;
    g.minimize(loss, adam);

    ocelli::plan plan(g, device, {{{"N", 4}}});
    ocelli::exec exec(plan, ocelli::state(device, g, 7));
    std::vector<float> points = {0, 0, 0, 1, 1, 0, 1, 1}, answers;
    std::vector<int64_t> wanted = {0, 1, 1, 0};
    ocelli::tensor in = ocelli::tensor::wrap(context, points, {4, 2}), right = ocelli::tensor::wrap(context, wanted, {4});
    for (int step = 1; step <= 200; step++) {
        auto out = exec.train({{"x", in}, {"labels", right}}, adam, step);
        if (step % 50 == 0)
            std::cout << "step " << step << ": loss " << out.at("loss").read<float>()[0] << "\n";
        answers = out.at("logits").read<float>();
    }
    bool learned = true;
    for (size_t i = 0; i < 4; i++)
        learned = learned && (answers[2 * i + 1] > answers[2 * i]) == (wanted[i] == 1);
    std::cout << (learned ? "learned\n" : "not learned\n");
    return learned ? 0 : 1;
}

int main() {
    try {
        return learn();
    } catch (const ocelli::error &e) {
        std::cerr << oc_status_name(e.status()) << ": " << e.what() << "\n";
        return 1;
    }
}
