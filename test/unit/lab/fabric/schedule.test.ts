import { expect, test } from "bun:test";
import { createSchedule } from "../../../../lab/fabric/relay/schedule.ts";

test("items come out by their times, and for equal times in the order they came", async () => {
  const out: string[] = [];
  const schedule = createSchedule<string>((items) => out.push(...items));
  const now = performance.now();
  schedule.add("late", now + 30);
  schedule.add("first", now + 10);
  schedule.add("second", now + 10);
  schedule.add("third", now + 10);
  schedule.add("at once", now);
  await Bun.sleep(60);
  expect(out).toEqual(["at once", "first", "second", "third", "late"]);
});

test("half of the items come out less than 1 ms from their time", async () => {
  const errors: number[] = [];
  const schedule = createSchedule<number>((items) => {
    errors.push(...items.map((due) => Math.abs(performance.now() - due)));
  });
  for (let item = 0; item < 200; item++) {
    const due = performance.now() + 20 + Math.random();
    schedule.add(due, due);
    await Bun.sleep(1);
  }
  await Bun.sleep(50);
  expect(errors.length).toBe(200);
  expect(errors.toSorted((a, b) => a - b)[100]).toBeLessThan(1);
});

test("what is due together is given out together", async () => {
  const batches: number[] = [];
  const schedule = createSchedule<number>((items) => batches.push(items.length));
  const due = performance.now() + 10;
  for (let item = 0; item < 50; item++) schedule.add(item, due);
  await Bun.sleep(30);
  expect(batches).toEqual([50]);
});
