/* SPDX-License-Identifier: Apache-2.0 */
// Adds two vectors on the default device, and says which that is.
#include <iostream>
#include <ocelli/ocelli.hpp>

int main() {
    try {
        ocelli::context context;
        ocelli::device device(context);
        ocelli::graph g(context);
        g.output("sum", g.add(oc_add, g.input("a", OC_F32, {4}), g.input("b", OC_F32, {4})));
        ocelli::exec exec(ocelli::plan(g, device));
        std::vector<float> a = {1, 2, 3, 4}, b = {10, 20, 30, 40};
        auto wrap = [&](std::vector<float> &numbers) { return ocelli::tensor::wrap(context, numbers, {4}); };
        std::vector<float> sum = exec.run({{"a", wrap(a)}, {"b", wrap(b)}}).at("sum").read<float>();
        std::cout << "Ocelli " << ocelli::version() << " on " << device.info().name << ": " << sum[0] << " ... " << sum[3] << "\n";
        return sum[0] == 11 && sum[3] == 44 ? 0 : 1;
    } catch (const ocelli::error &e) {
        std::cerr << e.what() << "\n";
        return 1;
    }
}
