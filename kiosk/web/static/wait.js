// Loads a page again until what it waits for is there.

setTimeout(() => location.reload(), 3_000);
