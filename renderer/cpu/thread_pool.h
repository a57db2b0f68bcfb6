// A fixed set of threads that share out numbered pieces of work.
#pragma once
#include <atomic>
#include <functional>
#include <memory>

namespace penumbra {

// Thrown by what was asked to stop before it was done.
struct Interrupted {};

// parallelFor(count, work) calls work(index, worker) once for every index in [0, count) and returns when all are
// done; the caller helps (worker 0). Which worker takes which index varies, so results must depend on the index
// alone: then they are the same bits for any number of threads. The first exception is thrown again in the caller.
// One parallelFor at a time; not to be nested.
class ThreadPool {
 public:
  explicit ThreadPool(int threads = 0);  // 0: one per processor
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;  // workers, the caller included
  void parallelFor(int count, const std::function<void(int index, int worker)>& work);

  // While the flag is raised parallelFor throws Interrupted, between two pieces of work at the latest. Null: never.
  // For work whose result is thrown away then; not to be called while a parallelFor runs.
  void setStopFlag(const std::atomic<bool>* stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penumbra
