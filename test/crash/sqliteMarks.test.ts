import { describeMarks } from "./support/marks.ts";

describeMarks("sqlite");
