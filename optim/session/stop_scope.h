// Work on the pool stops when the flag is raised, as long as this lives: parallelFor throws Interrupted.
#pragma once
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

class StopScope {
 public:
  StopScope(ThreadPool& pool, const std::atomic<bool>& stop) : pool_(pool) { pool_.setStopFlag(&stop); }
  ~StopScope() { pool_.setStopFlag(nullptr); }
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

 private:
  ThreadPool& pool_;
};

}  // namespace penumbra
