#include "store/submit_for_loop.h"

#include <memory>
#include <utility>

namespace gk::store {

void submit_for_loop(Writer& writer, std::function<void(std::function<void()>)> post,
                     Writer::Job job, std::function<void(Result<void>)> done) {
  // Shared: the writer's callback owns it, and this frame when the queue is full.
  const auto answer = std::make_shared<std::function<void(Result<void>)>>(std::move(done));
  const auto queued = writer.submit(std::move(job), [answer, post](Result<void> result) {
    post([answer, result = std::move(result)] { (*answer)(result); });
  });
  if (!queued) {
    post([answer, error = queued.error()] { (*answer)(error); });
  }
}

}  // namespace gk::store
