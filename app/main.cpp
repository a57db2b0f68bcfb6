#include <exception>
#include <iostream>
#include <new>

#include "app/cli/command_line.h"

namespace {

int fail(penumbra::ExitCode code, const std::string& text) {
  std::cerr << "penumbra: " << text << std::endl;
  return int(code);
}

}  // namespace

int main(int argc, char** argv) {
  using penumbra::ExitCode;
  try {
    return int(penumbra::runCommandLine(argc, argv));
  } catch (const penumbra::Error& error) {
    return fail(error.code(), error.full());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::Memory, "Out of memory. Try fewer views (--views) or smaller ones (--size).");
  } catch (const std::exception& error) {
    return fail(ExitCode::Internal, std::string("Internal error, please report it: ") + error.what());
  }
}
