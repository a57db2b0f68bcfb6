// What the window may read of the optimiser's device memory: a few buffers, each filled by copies on the optimiser's
// stream and followed by an event.
//
// publish() never waits: a buffer is used again only when nobody holds it any more, and when all are held nothing is
// published. The optimiser's own memory is never read by anyone else, so it need not wait for a frame either.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "renderer/cuda/cuda_api.h"

namespace penumbra::device {

// Copies of one moment, on the card. Whoever reads them lets a stream wait for `ready` first, and keeps this until the
// reading is over.
struct PublishedBuffer {
  std::vector<const void*> parts;  // in the order they were given
  void* ready = nullptr;           // event
};

class BufferRing {
 public:
  static constexpr int kBuffers = 6;  // newest, shown, last drawn, in flight to OpenGL, one spare, the one being written

  struct Part {
    const void* data;
    std::size_t bytes;
  };

  explicit BufferRing(const CudaApi& api);

  // Copies on `stream`. Null when all buffers are held or there is nothing to copy. Throws Error when the card fails.
  std::shared_ptr<const PublishedBuffer> publish(std::span<const Part> parts, void* stream);

 private:
  struct Set;
  struct Idle;  // those nobody holds; outlives the ring while one is held

  std::unique_ptr<Set> takeSet(std::size_t bytes);

  const CudaApi* api_;
  std::shared_ptr<Idle> idle_;
};

}  // namespace penumbra::device
