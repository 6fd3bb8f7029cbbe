/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cpp/run.hpp
 * Plans, execs, events and trainers. Included by ocelli.hpp.
 */
#ifndef OCELLI_CPP_RUN_HPP
#define OCELLI_CPP_RUN_HPP

#include <functional>
#include <map>

#include <ocelli/cpp/graph.hpp>

namespace ocelli {

/** How to make a plan. */
struct plan_options {
    std::map<std::string, int64_t> dims = {}; /**< Numbers for symbols. */
    std::vector<std::string> outputs = {};    /**< Outputs wanted. Default (empty): all, and all updates. */
    oc_plan_params others = {};               /**< All the rest; its dims and outputs are not looked at. */
};

/** A graph compiled for devices: oc_plan. */
class plan : public handle<oc_plan, oc_plan_destroy> {
  public:
    plan() = default;
    plan(const graph &of, const device &on, const plan_options &options = {}) : plan(of, span<const device>(&on, 1), options) {}
    plan(const graph &of, span<const device> on, const plan_options &options = {}) {
        std::vector<oc_dim_binding> dims;
        std::vector<const char *> outputs;
        std::vector<oc_device *> raw;
        std::vector<std::shared_ptr<oc_device>> owners;
        for (const auto &[name, size] : options.dims)
            dims.push_back({name.c_str(), size});
        for (const std::string &name : options.outputs)
            outputs.push_back(name.c_str());
        for (const device &one : on) {
            raw.push_back(one.get());
            owners.push_back(one.owner());
        }
        oc_plan_params params = options.others;
        params.dims = dims.data();
        params.dim_count = dims.size();
        params.outputs = outputs.data();
        params.output_count = outputs.size();
        make(std::make_tuple(std::move(owners)), oc_plan_create, of.get(), raw.data(), raw.size(), &params);
        context_ = of.context_;
    }
    oc_plan_info info() const { return oc_plan_get_info(get()); }
    std::vector<oc_value_info> inputs() const { return all(oc_plan_get_input); }
    std::vector<oc_value_info> outputs() const { return all(oc_plan_get_output); }
    /** Each step, what it computes and with which solver. @param why refused solvers too. */
    std::string text(bool why = false) const {
        std::string text;
        oc_writer writer = detail::collect(text);
        oc_plan_print(get(), why, &writer);
        return text;
    }

  private:
    friend class exec;
    std::vector<oc_value_info> all(oc_value_info (*info)(const oc_plan *, size_t)) const {
        std::vector<oc_value_info> found;
        for (oc_value_info one = info(get(), 0); one.name; one = info(get(), found.size()))
            found.push_back(one);
        return found;
    }
    std::shared_ptr<oc_context> context_;
};

/** Something that will have happened: oc_event. */
class event : public handle<oc_event, oc_event_destroy> {
  public:
    /** Waits; errors of the work are thrown here. */
    void wait() { detail::call(oc_event_wait, get()); }

  private:
    friend class exec;
};

/** A name and the tensor that is given or wanted under it. */
struct binding {
    std::string name;
    const tensor &of;
};

/** Memory and kernels in which a plan runs: oc_exec. One thread at a time. */
class exec : public handle<oc_exec, oc_exec_destroy> {
  public:
    exec() = default;
    /** With states of its own: the graph's first values. */
    explicit exec(const plan &of) : plan_(of.owner()), context_(of.context_) {
        make(std::make_tuple(of.owner()), oc_exec_create, of.get(), nullptr);
    }
    /** With this state. */
    exec(const plan &of, const ocelli::state &with) : plan_(of.owner()), context_(of.context_) {
        make(std::make_tuple(of.owner(), with.owner()), oc_exec_create, of.get(), with.get());
    }

    /** Runs once; the wanted outputs are written into the tensors given. */
    void run(const std::vector<binding> &inputs, const std::vector<binding> &outputs) {
        std::vector<oc_binding> in = raw(inputs), out = raw(outputs);
        detail::call(oc_exec_run, get(), in.data(), in.size(), out.data(), out.size());
    }
    /** Runs once. @return all outputs of the plan, in host memory. */
    std::map<std::string, tensor> run(const std::vector<binding> &inputs) {
        std::map<std::string, tensor> made;
        std::vector<binding> outputs;
        for (size_t i = 0; oc_plan_get_output(plan_.get(), i).name; i++) {
            oc_value_info info = oc_plan_get_output(plan_.get(), i);
            auto place = made.emplace(info.name, tensor(context(), info.dtype, info.shape)).first;
            outputs.push_back({place->first, place->second});
        }
        run(inputs, outputs);
        return made;
    }
    /** One step of a graph that graph::minimize() was called for. @param step from 1. */
    std::map<std::string, tensor> train(std::vector<binding> inputs, const oc_optimizer &optimizer, int64_t step) {
        std::array<float, OC_HYPER_COUNT> hyper;
        oc_optimizer_hyper(&optimizer, step, hyper.data());
        tensor numbers = tensor::wrap(context(), hyper, {OC_HYPER_COUNT});
        inputs.push_back({OC_HYPER_NAME, numbers});
        return run(inputs);
    }
    /** The exec's own memory of an input or output: what is written and read there is not copied (oc_exec_get_tensor()). */
    tensor memory(const std::string &name) const {
        tensor made;
        made.make(std::make_tuple(owner()), oc_exec_get_tensor, get(), name.c_str());
        return made;
    }
    /** Enqueues a run. Tensors, and what they wrap, must live until it is done. @return what to wait for. */
    event enqueue(const std::vector<binding> &inputs, const std::vector<binding> &outputs,
                  const std::vector<const event *> &after = {}) {
        std::vector<oc_binding> in = raw(inputs), out = raw(outputs);
        std::vector<oc_event *> wait;
        for (const event *one : after)
            wait.push_back(one->get());
        oc_event *done = nullptr;
        detail::call(oc_exec_enqueue, get(), in.data(), in.size(), out.data(), out.size(), wait.data(), wait.size(), &done);
        event made;
        made.take(done, owner());
        return made;
    }
    /** Waits for everything enqueued. */
    void wait() { detail::call(oc_exec_wait, get()); }
    /** The state that is used: the exec's own or the one given. */
    ocelli::state state() const {
        return ocelli::state(std::shared_ptr<oc_state>(owner(), oc_exec_get_state(get())), context_.get());
    }

  private:
    ocelli::context context() const { return ocelli::context(context_); }
    static std::vector<oc_binding> raw(const std::vector<binding> &bindings) {
        std::vector<oc_binding> all;
        for (const binding &one : bindings)
            all.push_back({one.name.c_str(), one.of.get()});
        return all;
    }
    std::shared_ptr<oc_plan> plan_;
    std::shared_ptr<oc_context> context_;
};

/** Called after each step with its number, their number, and the loss; false stops the epoch. */
using progress = std::function<bool(int64_t step_of_epoch, int64_t steps_per_epoch, double loss)>;

/** Trains a network over a data set: oc_trainer. */
class trainer : public handle<oc_trainer, oc_trainer_destroy> {
  public:
    trainer() = default;
    /** @param network one input, whose first axis is the batch; the logits are its first output. */
    trainer(const device &on, const graph &network, const oc_trainer_params &params) : context_(network.context_) {
        make(std::make_tuple(on.owner()), oc_trainer_create, on.get(), network.get(), &params);
    }

    /** One step on these samples. @return the mean loss before the update. */
    double step(const tensor &images, const tensor &labels) {
        double loss = 0;
        detail::call(oc_trainer_step, get(), images.get(), labels.get(), &loss);
        return loss;
    }
    /** One epoch, or what is left of it. @param max_steps 0: all. */
    oc_train_report epoch(const tensor &images, const tensor &labels, int64_t max_steps = 0, const progress &tell = {}) {
        struct watch {
            const progress &tell;
            std::exception_ptr thrown;
        } watch{tell, nullptr};
        oc_progress forward = [](void *user, int64_t step, int64_t steps, double loss) {
            auto *w = static_cast<struct watch *>(user);
            return attempt_progress(w->tell, w->thrown, step, steps, loss);
        };
        oc_train_report report = {};
        detail::call(oc_trainer_epoch, get(), images.get(), labels.get(), max_steps, tell ? forward : nullptr, &watch, &report);
        if (watch.thrown)
            std::rethrow_exception(watch.thrown);
        return report;
    }
    oc_train_report evaluate(const tensor &images, const tensor &labels) {
        oc_train_report report = {};
        detail::call(oc_trainer_evaluate, get(), images.get(), labels.get(), &report);
        return report;
    }
    /** The gradient of a parameter in the last step. */
    template <class T> std::vector<T> gradient(const std::string &name) const {
        tensor t = state().host(name);
        detail::call(oc_trainer_read_gradient, get(), name.c_str(), t.get());
        return t.read<T>();
    }
    void set_optimizer(const oc_optimizer &optimizer) { detail::call(oc_trainer_set_optimizer, get(), &optimizer); }
    void save(const std::string &path) { detail::call(oc_trainer_save, get(), path.c_str()); }
    void resume(const std::string &path) { detail::call(oc_trainer_resume, get(), path.c_str()); }
    /** The network with its trained parameters, as a model file. */
    void write_onnx(const std::string &path) const {
        detail::call(oc_onnx_write, oc_trainer_get_graph(get()), oc_trainer_get_state(get()), path.c_str());
    }
    /** The network's state; it keeps the trainer. */
    ocelli::state state() const {
        return ocelli::state(std::shared_ptr<oc_state>(owner(), oc_trainer_get_state(get())), context_.get());
    }

  private:
    /** What the caller threw must not go through C; it is kept, and thrown again behind the epoch. */
    static bool attempt_progress(const progress &tell, std::exception_ptr &thrown, int64_t step, int64_t steps,
                                 double loss) noexcept {
#if defined(__cpp_exceptions)
        try {
            return tell(step, steps, loss);
        } catch (...) {
            thrown = std::current_exception();
            return false;
        }
#else
        (void)thrown;
        return tell(step, steps, loss);
#endif
    }
    std::shared_ptr<oc_context> context_;
};

} // namespace ocelli

#endif
