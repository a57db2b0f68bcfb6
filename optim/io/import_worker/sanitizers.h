// PENUMBRA_SHADOW_MEMORY is defined when a sanitizer reserves address space far beyond what is used.
#pragma once
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PENUMBRA_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PENUMBRA_SHADOW_MEMORY 1
#endif
#endif
