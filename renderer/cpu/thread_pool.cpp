#include "renderer/cpu/thread_pool.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace penumbra {

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable wake, done;
  std::vector<std::thread> threads;
  const std::function<void(int, int)>* work = nullptr;
  std::atomic<int> next{0};
  int count = 0;
  int active = 0;          // helpers still inside the present job
  unsigned long job = 0;   // number of the present job
  bool quit = false;
  std::exception_ptr error;
  const std::atomic<bool>* stop = nullptr;

  void mind() const {
    if (stop && stop->load(std::memory_order_relaxed)) throw Interrupted{};
  }

  void take(int worker) {
    for (int i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      try {
        mind();
        (*work)(i, worker);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
        next.store(count);
      }
    }
  }

  void run(int worker) {
    unsigned long seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return quit || job != seen; });
        if (quit) return;
        seen = job;
      }
      take(worker);
      std::lock_guard lock(mutex);
      if (--active == 0) done.notify_one();
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  if (threads <= 0) threads = std::max(1u, std::thread::hardware_concurrency());
  for (int i = 1; i < threads; ++i) state_->threads.emplace_back([this, i] { state_->run(i); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(state_->mutex);
    state_->quit = true;
  }
  state_->wake.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

int ThreadPool::threads() const { return int(state_->threads.size()) + 1; }

void ThreadPool::setStopFlag(const std::atomic<bool>* stop) { state_->stop = stop; }

void ThreadPool::parallelFor(int count, const std::function<void(int, int)>& work) {
  State& s = *state_;
  if (s.threads.empty() || count <= 1) {
    for (int i = 0; i < count; ++i) s.mind(), work(i, 0);
    return;
  }
  {
    std::lock_guard lock(s.mutex);
    s.work = &work;
    s.count = count;
    s.next.store(0);
    s.active = int(s.threads.size());
    s.error = nullptr;
    ++s.job;
  }
  s.wake.notify_all();
  s.take(0);
  std::unique_lock lock(s.mutex);
  s.done.wait(lock, [&] { return s.active == 0; });
  s.work = nullptr;
  if (s.error) std::rethrow_exception(s.error);
}

}  // namespace penumbra
