/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cpp/graph.hpp
 * Graphs: built, or read from ONNX. Included by ocelli.hpp.
 */
#ifndef OCELLI_CPP_GRAPH_HPP
#define OCELLI_CPP_GRAPH_HPP

#include <ocelli/cpp/objects.hpp>

namespace ocelli {

/** A network: oc_graph. Needed until its plans and states are made. */
class graph : public handle<oc_graph, oc_graph_destroy> {
  public:
    explicit graph(const context &in) : context_(in.owner()) { make(std::make_tuple(in.owner()), oc_graph_create, in.get()); }

    /** Reads a model file. */
    static graph read_onnx(const context &in, const std::string &path) { return graph(in, oc_onnx_read, in.get(), path.c_str()); }
    /** Reads a model from memory. @param folder where external data lies; empty: none is read. */
    static graph read_onnx(const context &in, span<const uint8_t> bytes, const std::string &folder = "") {
        return graph(in, oc_onnx_read_memory, in.get(), bytes.data(), bytes.size(), folder.empty() ? nullptr : folder.c_str());
    }
    /** Writes a model file. @param parameters null: the graph's first values. */
    void write_onnx(const std::string &path, const ocelli::state *parameters = nullptr) const {
        detail::call(oc_onnx_write, get(), parameters ? parameters->get() : nullptr, path.c_str());
    }

    /** A size by name, for shapes: a plan gives it its number. */
    int64_t symbol(const std::string &name) { return oc_graph_symbol(get(), name.c_str()); }
    value input(const std::string &name, oc_dtype dtype, const ocelli::shape &shape) {
        return add(oc_graph_input, name.c_str(), dtype, &shape);
    }
    /** A constant: elements are copied. */
    template <class T> value constant(const std::vector<T> &elements, const ocelli::shape &shape, const std::string &name = "") {
        tensor t = wrap(elements, shape);
        return add(oc_graph_constant, name.empty() ? nullptr : name.c_str(), t.get());
    }
    value scalar(oc_dtype dtype, double number) { return add(oc_graph_scalar, dtype, number); }
    /** A state that begins as `init` says. */
    value state(const std::string &name, oc_dtype dtype, const ocelli::shape &shape, const oc_init &init = oc_init{}) {
        return add(oc_graph_state, name.c_str(), dtype, &shape, &init);
    }
    /** A state that begins with these elements, which are copied. */
    template <class T> value state(const std::string &name, const std::vector<T> &elements, const ocelli::shape &shape,
                                     bool frozen = false) {
        tensor t = wrap(elements, shape);
        return add(oc_graph_state_tensor, name.c_str(), t.get(), frozen);
    }

    /**
     * Adds what a C function adds: `add(oc_matmul, a, b, nullptr)` is oc_matmul(graph, a, b, NULL, &err). Graph and error are
     * passed here; a failure throws.
     */
    template <class... P, class... A> value add(oc_value *(*function)(oc_graph *, P...), A &&...arguments) {
        oc_error reason = {};
        oc_value *made = function(get(), std::forward<A>(arguments)..., &reason);
        if (!made) {
            if (reason.status == OC_OK)
                reason.status = oc_graph_check(get(), &reason);
            detail::fail(reason);
        }
        return made;
    }

    void output(const std::string &name, value of) { detail::call(oc_graph_output, get(), name.c_str(), of); }
    /** A state takes this value at the end of a run. */
    void update(value of, value by) { detail::call(oc_graph_update, get(), of, by); }
    /** The gradients of a value, as values. */
    std::vector<value> gradients(value loss, const std::vector<value> &wrt) {
        std::vector<oc_value *> of(wrt.begin(), wrt.end()), made(wrt.size());
        detail::call(oc_graph_gradients, get(), loss, of.data(), of.size(), made.data());
        return std::vector<value>(made.begin(), made.end());
    }
    /** Adds gradients, updates, the optimizer's states, and the input OC_HYPER_NAME (exec::train()). */
    void minimize(value loss, const oc_optimizer &optimizer) { detail::call(oc_minimize, get(), loss, &optimizer, nullptr); }
    /** Freezes states whose names fit a pattern with * and ?. @return how many there are. */
    size_t freeze(const std::string &pattern) { return oc_graph_freeze(get(), pattern.c_str()); }

    /** The input, state or output of that name; a null value if there is none. */
    value find(const std::string &name) const { return oc_graph_find(get(), name.c_str()); }
    std::vector<oc_value_info> inputs() const { return all(oc_graph_input_count, oc_graph_get_input); }
    std::vector<oc_value_info> outputs() const { return all(oc_graph_output_count, oc_graph_get_output); }
    std::vector<oc_value_info> states() const { return all(oc_graph_state_count, oc_graph_get_state); }
    /** The graph, a line a node. */
    std::string text() const {
        std::string text;
        oc_writer writer = detail::collect(text);
        oc_graph_print(get(), &writer);
        return text;
    }

  private:
    friend class plan;
    friend class trainer;
    template <class F, class... A> graph(const context &in, F function, A &&...arguments) : context_(in.owner()) {
        make(std::make_tuple(in.owner()), function, std::forward<A>(arguments)...);
    }
    template <class T> tensor wrap(const std::vector<T> &elements, const ocelli::shape &shape) const {
        return tensor::wrap(context(context_), elements.data(), elements.size(), shape);
    }
    std::vector<oc_value_info> all(size_t (*count)(const oc_graph *), oc_value_info (*info)(const oc_graph *, size_t)) const {
        std::vector<oc_value_info> found(count(get()));
        for (size_t i = 0; i < found.size(); i++)
            found[i] = info(get(), i);
        return found;
    }
    std::shared_ptr<oc_context> context_;
};

inline state::state(const device &on, const graph &of, uint64_t seed) : context_(oc_device_get_context(on)) {
    make(std::make_tuple(on.owner()), oc_state_create, on.get(), of.get(), seed);
}

inline void state::extend(const graph &by, uint64_t seed) { detail::call(oc_state_extend, get(), by.get(), seed); }

} // namespace ocelli

#endif
