// Writes meshes on a thread of its own, one after the other, so that the fit goes on meanwhile.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace penumbra {

class Exporter {
 public:
  Exporter() = default;
  ~Exporter();                             // finishes what was asked for
  void add(std::function<void()> job);     // jobs must not throw
  bool idle() const;

 private:
  void work();
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool busy_ = false, quit_ = false;
  std::thread thread_;                     // started by the first job
};

}  // namespace penumbra
